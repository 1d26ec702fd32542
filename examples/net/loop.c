/*
 * An event loop.
 *
 * SPDX-License-Identifier: MIT
 */
#include "loop.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define BATCH   256
#define BATCHES 64 /* before the timers have their turn */
#define MS      UINT64_C(1000000)
#define WAIT_MS 60000

static uint64_t loop_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 * MS + (uint64_t)t.tv_nsec;
}

int loop_open(struct loop *loop) {
    *loop = (struct loop){.now = loop_clock(), .epoll = epoll_create1(EPOLL_CLOEXEC)};
    return loop->epoll < 0 ? -1 : 0;
}

void loop_close(struct loop *loop) {
    if (loop->epoll >= 0)
        close(loop->epoll);
    loop->epoll = -1;
}

int loop_watch(struct loop *loop, struct loop_file *file, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = file};
    int operation = events == 0 ? EPOLL_CTL_DEL : file->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (events == file->events)
        return 0;
    file->events = events;
    return epoll_ctl(loop->epoll, operation, file->fd, &event);
}

/* The pairing heap (Fredman, Sedgewick, Sleator and Tarjan, 1986). */

static struct loop_timer *heap_meld(struct loop_timer *a, struct loop_timer *b) {
    if (a == NULL || b == NULL)
        return a ? a : b;
    struct loop_timer *parent = b->at < a->at ? b : a, *child = parent == a ? b : a;
    child->before = parent;
    child->next = parent->child;
    if (parent->child)
        parent->child->before = child;
    parent->child = child;
    return parent;
}

/* Makes one heap of brothers: in pairs from the first to the last, and these from the last to the first. */
static struct loop_timer *heap_gather(struct loop_timer *brother) {
    struct loop_timer *pairs = NULL, *heap = NULL;
    while (brother) {
        struct loop_timer *one = brother, *other = one->next;
        brother = other ? other->next : NULL;
        one->next = one->before = NULL;
        if (other)
            other->next = other->before = NULL;
        struct loop_timer *pair = heap_meld(one, other);
        pair->next = pairs;
        pairs = pair;
    }
    while (pairs) {
        struct loop_timer *pair = pairs;
        pairs = pair->next;
        pair->next = NULL;
        heap = heap_meld(heap, pair);
    }
    return heap;
}

void loop_unset(struct loop *loop, struct loop_timer *timer) {
    if (!timer->set)
        return;
    if (timer->before && timer->before->child == timer)
        timer->before->child = timer->next;
    else if (timer->before)
        timer->before->next = timer->next;
    if (timer->next)
        timer->next->before = timer->before;
    struct loop_timer *left = heap_gather(timer->child);
    loop->first = loop->first == timer ? left : heap_meld(loop->first, left);
    timer->child = timer->next = timer->before = NULL;
    timer->set = false;
}

void loop_set(struct loop *loop, struct loop_timer *timer, uint64_t at) {
    loop_unset(loop, timer);
    timer->at = at > loop->now ? at : loop->now + 1;
    timer->set = true;
    loop->first = heap_meld(loop->first, timer);
}

static int loop_patience(const struct loop *loop) {
    uint64_t now = loop_clock();
    if (loop->first == NULL || loop->first->at > now + WAIT_MS * MS)
        return WAIT_MS;
    return loop->first->at <= now ? 0 : (int)((loop->first->at - now + MS - 1) / MS);
}

/* By now the first timer should long have been served. */
static void loop_check_late(struct loop *loop) {
    uint64_t due = loop->first ? loop->first->at : loop->now + WAIT_MS * MS;
    loop->now = loop->woke;
    if (loop->stood_still && loop->now > due && loop->now - due >= LOOP_LATE)
        loop->stood_still(loop, loop->now - due);
}

/* Serves files until there are no more that are ready. */
static int loop_files(struct loop *loop) {
    struct epoll_event events[BATCH];
    int patience = loop_patience(loop), count = BATCH;
    for (int round = 0; count == BATCH && round < BATCHES; round++, patience = 0) {
        count = epoll_wait(loop->epoll, events, BATCH, patience);
        int fault = count < 0 ? errno : 0;
        loop->woke = loop_clock();
        if (round == 0)
            loop_check_late(loop);
        if (fault)
            return fault == EINTR ? 0 : -1;
        for (int i = 0; i < count; i++) {
            struct loop_file *file = events[i].data.ptr;
            loop->now = loop_clock();
            if (file->fd >= 0 && file->events != 0)
                file->ready(file, events[i].events);
        }
    }
    return 0;
}

int loop_turn(struct loop *loop) {
    int result = loop_files(loop);
    loop->now = loop_clock();
    while (loop->first && loop->first->at <= loop->now) {
        struct loop_timer *timer = loop->first;
        loop_unset(loop, timer);
        timer->due(timer);
    }
    return result;
}
