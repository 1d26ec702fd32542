/* Seats: taken once, whoever races for them; given back for the dead.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/seats.h"
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT 4
#define SIZE  (64 + COUNT * 64)

static _Alignas(64) unsigned char memory[SIZE + 64];

static dg_seats *seats_placed(void) {
    dg_seats *seats = NULL;
    memset(memory, 0xa5, sizeof memory);
    ok(dg_seats_place(memory, SIZE, COUNT, &seats));
    ck_assert_ptr_nonnull(seats);
    return seats;
}

START_TEST(a_block_is_a_line_and_a_line_for_each_seat) {
    ck_assert_uint_eq(dg_seats_size(0), 0);
    ck_assert_uint_eq(dg_seats_size(1), 128);
    ck_assert_uint_eq(dg_seats_size(COUNT), SIZE);
    ck_assert_uint_eq(dg_seats_size(DG_SEATS_MAX), 64 + 255 * 64);
    ck_assert_uint_eq(dg_seats_size(DG_SEATS_MAX + 1), 0);
    ck_assert_uint_eq(dg_seats_size(UINT32_MAX), 0);
    ck_assert_uint_eq(dg_seats_align(), 64);
}
END_TEST

START_TEST(a_placed_block_has_only_free_seats) {
    dg_seats *seats = seats_placed();
    ck_assert_uint_eq(dg_seats_count(seats), COUNT);
    for (uint32_t seat = 0; seat <= COUNT + 1; seat++)
        ck_assert_uint_eq(dg_seats_owner(seats, seat), 0);
    ck_assert_uint_eq(dg_seats_count(NULL), 0);
    ck_assert_uint_eq(dg_seats_owner(NULL, 1), 0);
}
END_TEST

START_TEST(place_refuses_bad_arguments_and_touches_nothing) {
    unsigned char before[sizeof memory];
    memset(memory, 0xa5, sizeof memory);
    memcpy(before, memory, sizeof memory);
    dg_seats *seats = (dg_seats *)memory;
    err(dg_seats_place(NULL, SIZE, COUNT, &seats), DG_ERR_INVALID);
    ck_assert_ptr_null(seats);
    err(dg_seats_place(memory, SIZE, COUNT, NULL), DG_ERR_INVALID);
    err(dg_seats_place(memory, SIZE - 1, COUNT, &seats), DG_ERR_INVALID);
    err(dg_seats_place(memory, SIZE, 0, &seats), DG_ERR_INVALID);
    err(dg_seats_place(memory, SIZE_MAX, DG_SEATS_MAX + 1, &seats), DG_ERR_INVALID);
    err(dg_seats_place(memory + 8, SIZE, COUNT, &seats), DG_ERR_INVALID);
    ck_assert_mem_eq(memory, before, sizeof memory);
}
END_TEST

START_TEST(attach_finds_what_place_made) {
    dg_seats *seats = seats_placed(), *again = NULL;
    uint32_t seat;
    ok(dg_seats_take(seats, 42, &seat));
    ok(dg_seats_attach(memory, sizeof memory, &again));
    ck_assert_ptr_eq(again, seats);
    ck_assert_uint_eq(dg_seats_owner(again, seat), 42);
}
END_TEST

START_TEST(attach_refuses_what_is_not_a_block_of_seats) {
    dg_seats *seats = seats_placed();
    err(dg_seats_attach(NULL, SIZE, &seats), DG_ERR_INVALID);
    ck_assert_ptr_null(seats);
    err(dg_seats_attach(memory, SIZE, NULL), DG_ERR_INVALID);
    err(dg_seats_attach(memory + 8, SIZE, &seats), DG_ERR_INVALID);
    err(dg_seats_attach(memory, 63, &seats), DG_ERR_INVALID);
    err(dg_seats_attach(memory, 64, &seats), DG_ERR_LAYOUT);
    err(dg_seats_attach(memory, SIZE - 1, &seats), DG_ERR_LAYOUT);
    memset(memory, 0, sizeof memory);
    err(dg_seats_attach(memory, SIZE, &seats), DG_ERR_LAYOUT);
    memset(memory, 0xff, sizeof memory);
    err(dg_seats_attach(memory, SIZE, &seats), DG_ERR_LAYOUT);
    ck_assert_ptr_null(seats);
}
END_TEST

START_TEST(every_change_of_header_and_count_is_refused) {
    dg_seats *seats = seats_placed();
    for (size_t at = 0; at < 20; at++)
        for (unsigned change = 1; change < 256; change++) {
            memory[at] ^= (unsigned char)change;
            err(dg_seats_attach(memory, sizeof memory, &seats), DG_ERR_LAYOUT);
            memory[at] ^= (unsigned char)change;
        }
    ok(dg_seats_attach(memory, SIZE, &seats));
}
END_TEST

START_TEST(seats_are_taken_until_full_and_free_again_when_left) {
    dg_seats *seats = seats_placed();
    uint32_t seat;
    for (uint32_t i = 1; i <= COUNT; i++) {
        ok(dg_seats_take(seats, 100 + i, &seat));
        ck_assert_uint_eq(seat, i);
        ck_assert_uint_eq(dg_seats_owner(seats, i), 100 + i);
    }
    seat = 7;
    err(dg_seats_take(seats, 999, &seat), DG_ERR_FULL);
    ck_assert_uint_eq(seat, 0);
    ok(dg_seats_leave(seats, 2, 102));
    ck_assert_uint_eq(dg_seats_owner(seats, 2), 0);
    ok(dg_seats_take(seats, UINT64_MAX, &seat));
    ck_assert_uint_eq(seat, 2);
    ck_assert_uint_eq(dg_seats_owner(seats, 2), UINT64_MAX);
}
END_TEST

START_TEST(only_its_owner_gives_a_seat_back_and_only_once) {
    dg_seats *seats = seats_placed();
    uint32_t seat;
    ok(dg_seats_take(seats, 42, &seat));
    unsigned char before[sizeof memory];
    memcpy(before, memory, sizeof memory);
    err(dg_seats_leave(seats, seat, 43), DG_ERR_NOT_FOUND);
    err(dg_seats_leave(seats, seat + 1, 42), DG_ERR_NOT_FOUND);
    err(dg_seats_leave(seats, seat, 0), DG_ERR_INVALID);
    err(dg_seats_leave(seats, seat + 1, 0), DG_ERR_INVALID);
    err(dg_seats_leave(seats, 0, 42), DG_ERR_INVALID);
    err(dg_seats_leave(seats, COUNT + 1, 42), DG_ERR_INVALID);
    err(dg_seats_leave(seats, UINT32_MAX, 42), DG_ERR_INVALID);
    err(dg_seats_leave(NULL, seat, 42), DG_ERR_INVALID);
    ck_assert_mem_eq(memory, before, sizeof memory);
    ok(dg_seats_leave(seats, seat, 42));
    err(dg_seats_leave(seats, seat, 42), DG_ERR_NOT_FOUND);
}
END_TEST

START_TEST(take_refuses_bad_arguments) {
    dg_seats *seats = seats_placed();
    uint32_t seat = 7;
    err(dg_seats_take(seats, 0, &seat), DG_ERR_INVALID);
    ck_assert_uint_eq(seat, 0);
    seat = 7;
    err(dg_seats_take(NULL, 1, &seat), DG_ERR_INVALID);
    ck_assert_uint_eq(seat, 0);
    err(dg_seats_take(seats, 1, NULL), DG_ERR_INVALID);
    ck_assert_uint_eq(dg_seats_owner(seats, 1), 0);
}
END_TEST

static void *seats_no_alloc(void *user, size_t size) {
    (void)user;
    (void)size;
    return NULL;
}

static void seats_no_free(void *user, void *block, size_t size) {
    (void)user;
    (void)block;
    (void)size;
    ck_abort_msg("nothing was given");
}

START_TEST(seats_on_the_heap_are_checked_like_those_in_place) {
    dg_seats *seats = (dg_seats *)memory;
    dg_allocator none = {seats_no_alloc, seats_no_free, NULL};
    err(dg_seats_new(NULL, COUNT, NULL), DG_ERR_INVALID);
    err(dg_seats_new(&seats, 0, NULL), DG_ERR_INVALID);
    ck_assert_ptr_null(seats);
    err(dg_seats_new(&seats, DG_SEATS_MAX + 1, NULL), DG_ERR_INVALID);
    err(dg_seats_new(&seats, COUNT, &none), DG_ERR_NOMEM);
    ck_assert_ptr_null(seats);
    err(dg_seats_new(&seats, COUNT, &(dg_allocator){.alloc = seats_no_alloc}), DG_ERR_INVALID);
    err(dg_seats_new(&seats, COUNT, &(dg_allocator){.free = seats_no_free}), DG_ERR_INVALID);
    ok(dg_seats_new(&seats, DG_SEATS_MAX, NULL));
    uint32_t seat;
    for (uint32_t i = 1; i <= DG_SEATS_MAX; i++)
        ok(dg_seats_take(seats, i, &seat));
    err(dg_seats_take(seats, 1, &seat), DG_ERR_FULL);
    dg_seats_free(seats);
    dg_seats_free(NULL);
}
END_TEST

static atomic_int seats_holders[COUNT + 1];

/* Returns its first fault in words, or NULL. A full block is none: it waits its turn. */
static void *seats_racer(void *user) {
    static char taken_twice[] = "taken twice", not_owner[] = "not the owner", not_left[] = "not left";
    dg_seats *seats = (dg_seats *)memory;
    uint64_t owner = (uintptr_t)user;
    for (int taken = 0; taken < 5000;) {
        uint32_t seat;
        if (dg_seats_take(seats, owner, &seat) != DG_OK) {
            sched_yield();
            continue;
        }
        if (atomic_fetch_add(&seats_holders[seat], 1) != 0)
            return taken_twice;
        if (dg_seats_owner(seats, seat) != owner)
            return not_owner;
        atomic_fetch_sub(&seats_holders[seat], 1);
        if (dg_seats_leave(seats, seat, owner) != DG_OK)
            return not_left;
        taken++;
    }
    return NULL;
}

START_TEST(no_two_threads_hold_one_seat) {
    dg_seats *seats = seats_placed();
    pthread_t threads[6];
    for (uintptr_t i = 0; i < 6; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, seats_racer, (void *)(i + 1)), 0);
    for (int i = 0; i < 6; i++) {
        void *fault;
        pthread_join(threads[i], &fault);
        ck_assert_msg(fault == NULL, "%s", (const char *)fault);
    }
    for (uint32_t seat = 1; seat <= COUNT; seat++)
        ck_assert_uint_eq(dg_seats_owner(seats, seat), 0);
}
END_TEST

/* Takes a seat in the mapping, says so with a byte, and waits for the end. */
static void seats_child(void *mapping, int out) {
    dg_seats *seats;
    uint32_t seat;
    if (dg_seats_attach(mapping, SIZE, &seats) != DG_OK ||
        dg_seats_take(seats, (uint64_t)getpid(), &seat) != DG_OK)
        _exit(1);
    if (write(out, &seat, sizeof seat) != (ssize_t)sizeof seat)
        _exit(1);
    for (;;)
        pause();
}

START_TEST(the_seat_of_a_killed_process_can_be_given_back) {
    void *mapping = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(mapping, MAP_FAILED);
    dg_seats *seats;
    ok(dg_seats_place(mapping, SIZE, COUNT, &seats));
    uint32_t own, dead;
    ok(dg_seats_take(seats, (uint64_t)getpid(), &own));
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        seats_child(mapping, ends[1]);
    ck_assert_int_eq(read(ends[0], &dead, sizeof dead), sizeof dead);
    ck_assert_uint_ne(dead, own);
    ck_assert_uint_eq(dg_seats_owner(seats, dead), (uint64_t)child);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_uint_eq(dg_seats_owner(seats, dead), (uint64_t)child);
    ok(dg_seats_leave(seats, dead, (uint64_t)child));
    ck_assert_uint_eq(dg_seats_owner(seats, dead), 0);
    ck_assert_uint_eq(dg_seats_owner(seats, own), (uint64_t)getpid());
    close(ends[0]);
    close(ends[1]);
    munmap(mapping, SIZE);
}
END_TEST

TESTS_MAIN("seats", a_block_is_a_line_and_a_line_for_each_seat, a_placed_block_has_only_free_seats,
           place_refuses_bad_arguments_and_touches_nothing, attach_finds_what_place_made,
           attach_refuses_what_is_not_a_block_of_seats, every_change_of_header_and_count_is_refused,
           seats_are_taken_until_full_and_free_again_when_left,
           only_its_owner_gives_a_seat_back_and_only_once, take_refuses_bad_arguments,
           seats_on_the_heap_are_checked_like_those_in_place, no_two_threads_hold_one_seat,
           the_seat_of_a_killed_process_can_be_given_back)
