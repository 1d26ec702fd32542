/*
 * An event loop: files that are ready and timers that are due, for one thread. Nothing in it allocates, so that no
 * timer can fail to be set.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* A file that is watched. Its owner sets `fd` and `ready`; `events` is the loop's. */
struct loop_file {
    int fd;          /* -1: closed; what was still to be reported of it is not */
    uint32_t events; /* EPOLLIN, EPOLLOUT; 0: not watched */
    void (*ready)(struct loop_file *file, uint32_t events);
};

/* A timer: a node of a pairing heap. Its owner sets `due`; all zero otherwise, it is not set. */
struct loop_timer {
    uint64_t at; /* nanoseconds of the monotonic clock */
    void (*due)(struct loop_timer *timer);
    struct loop_timer *child, *next, *before; /* `before`: the elder brother, or else the parent */
    bool set;
};

struct loop {
    struct loop_timer *first; /* due first */
    uint64_t now;             /* of the event that is being served */
    uint64_t woke;            /* when the files that are being served were found ready */
    /* Told before anything is served, if the loop woke by LOOP_LATE or more too late: the process was stopped, or busy.
     * May be NULL. */
    void (*stood_still)(struct loop *loop, uint64_t late);
    int epoll;
};

#define LOOP_LATE UINT64_C(250000000)

/* Gives the struct that a timer or a file lies in. */
#define loop_owner(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* Returns 0, or -1 with errno. */
int loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/* Watches a file for `events`, in place of those it was watched for; 0 ends it. Returns 0, or -1 with errno. */
int loop_watch(struct loop *loop, struct loop_file *file, uint32_t events);

/* Sets a timer, in place of what it was set to. It is due in a later turn than this one, whatever `at` is. */
void loop_set(struct loop *loop, struct loop_timer *timer, uint64_t at);
void loop_unset(struct loop *loop, struct loop_timer *timer);

/* Waits for what comes first, and serves it: all files that are ready, then the timers that are due. Returns 0, or
 * -1 with errno; a signal ends the wait, and is no fault. */
int loop_turn(struct loop *loop);

#endif
