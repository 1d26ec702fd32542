/* Kill points, for tests built with the library's sources and DG_TEST_KILL: for every operation of a cell, in every
 * state that matters to it, a child process dies at its N-th atomic operation, for every N until it gets through.
 * The parent then looks at what is left in the mapping. */
#ifndef TESTS_KILL_H
#define TESTS_KILL_H

#include "support.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "degrade/permit.h"
#include "degrade/time.h"

#define T0 DG_SEC(1000)

static unsigned countdown;

void dgi_kill_point(void);
void dgi_kill_point(void) {
    if (countdown != 0 && --countdown == 0)
        raise(SIGKILL);
}

/* What parent and child share. */
typedef struct shared {
    _Alignas(64) unsigned char cell[1024];
    dg_permit permit;
    dg_time now;
    int done;
} shared;

static shared *map;

static inline void map_open(void) {
    void *memory = mmap(NULL, sizeof(shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    map = memory;
}

/* Runs `work` in a child that dies at its `point`-th atomic operation. True if it got through. */
static inline bool survives(void (*work)(void), unsigned point) {
    map->done = 0;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        countdown = point;
        work();
        countdown = 0;
        map->done = 1;
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(map->done ? WIFEXITED(status) : WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return map->done;
}

static inline bool between(uint64_t value, uint64_t a, uint64_t b) {
    return a <= b ? value >= a && value <= b : value >= b && value <= a;
}

#endif
