/* Deaths of those who take, renew, leave and look for seats: a seat is taken by one or free, and one that a dead process
 * holds is found by time.
 *
 * SPDX-License-Identifier: MIT */
#include "kill.h"

#include "degrade/cell.h"
#include "degrade/seats.h"

static dg_seats *seats(void) {
    return (dg_seats *)map->cell;
}

static void seats_place(void) {
    dg_seats *out;
    dg_cell_end(map->cell, sizeof map->cell);
    ok(dg_seats_place(map->cell, sizeof map->cell, &(dg_seats_config){.count = 3}, T0, &out));
    map->now = T0;
}

static void seats_free(void) {
    seats_place();
}

static void seats_taken(void) {
    uint32_t seat;
    seats_place();
    ok(dg_seats_take(seats(), 1, T0, &seat));
    map->now = T0 + DG_SEC(10);
}

static void seats_full(void) {
    uint32_t seat;
    seats_taken();
    ok(dg_seats_take(seats(), 2, T0, &seat));
    ok(dg_seats_take(seats(), 3, T0, &seat));
}

static void seats_overdue(void) {
    seats_full();
    map->now = T0 + DG_SEC(100);
}

static void seats_from_the_future(void) {
    seats_full();
    map->now = T0 - DG_SEC(500);
}

static void (*const states[])(void) = {seats_free, seats_taken, seats_full, seats_overdue,
                                       seats_from_the_future};

static void do_take(void) {
    uint32_t seat;
    dg_seats_take(seats(), 9, map->now, &seat);
}

static void do_renew(void) {
    dg_seats_renew(seats(), 1, 1, map->now);
}

static void do_leave(void) {
    dg_seats_leave(seats(), 1, 1);
}

static void do_expired(void) {
    dg_seats_expired(seats(), map->now, 0);
}

static void do_set(void) {
    dg_seats_set(seats(), &(dg_seats_config){.lease = DG_SEC(50)}, map->now);
}

static void do_read(void) {
    dg_seats_stats stats;
    dg_seats_config config;
    dg_seats *out;
    dg_seats_owner(seats(), 1);
    dg_seats_get_stats(seats(), map->now, &stats);
    dg_seats_get_config(seats(), &config);
    dg_seats_attach(map->cell, sizeof map->cell, map->now, &out);
}

static const struct {
    const char *name;
    void (*work)(void);
} works[] = {{"take", do_take},       {"renew", do_renew}, {"leave", do_leave},
             {"expired", do_expired}, {"set", do_set},     {"owner, stats, config, attach", do_read}};

static uint32_t owners(void) {
    uint32_t mask = 0;
    for (uint32_t seat = 1; seat <= 3; seat++)
        mask |= (uint32_t)dg_seats_owner(seats(), seat) << 4 * seat;
    return mask;
}

/* Whoever is there is found within a lease, given up, and then every seat can be taken. */
static void judge(uint32_t before, uint32_t after) {
    dg_seats *out;
    ok(dg_seats_attach(map->cell, sizeof map->cell, map->now, &out));
    ck_assert(owners() == before || owners() == after);
    dg_seats_expired(out, map->now, 0);
    dg_seats_expired(out, map->now, 1);
    dg_seats_expired(out, map->now, 2);
    dg_time later = map->now + DG_SEC(61);
    for (uint32_t seat = 1; seat <= 3; seat++)
        if (dg_seats_owner(out, seat) != 0) {
            ck_assert_uint_eq(dg_seats_expired(out, later, seat - 1), seat);
            ok(dg_seats_leave(out, seat, dg_seats_owner(out, seat)));
        }
    for (uint64_t owner = 11; owner <= 13; owner++) {
        uint32_t seat;
        ok(dg_seats_take(out, owner, later, &seat));
        ok(dg_seats_renew(out, seat, owner, later));
        ck_assert_uint_eq(dg_seats_expired(out, later + DG_SEC(40), 0), 0);
    }
}

static unsigned visit(void (*state)(void), void (*work)(void)) {
    state();
    uint32_t before = owners();
    work();
    uint32_t after = owners();
    unsigned points = 0;
    for (bool through = false; !through; points++) {
        state();
        through = survives(work, points + 1);
        judge(before, after);
    }
    return points - 1;
}

START_TEST(a_death_at_any_point_leaves_each_seat_taken_or_free) {
    map_open();
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        unsigned points = 0;
        for (size_t k = 0; k < sizeof states / sizeof *states; k++)
            points += visit(states[k], works[i].work);
        ck_assert_uint_gt(points, 0);
        printf("seats %-30s %4u kill points\n", works[i].name, points);
    }
}
END_TEST

TESTS_MAIN("kill_seats", a_death_at_any_point_leaves_each_seat_taken_or_free)
