/* The bound: a policy that knows how long everything takes. It runs the shortest work that will be in time.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "policies.h"

typedef struct bound_state {
    sim_request **heap; /* the shortest first */
    size_t count, room;
} bound_state;

static void bound_begin(void *state, sim *lab) {
    (void)state;
    (void)lab;
}

static void bound_end(void *state, sim *lab) {
    bound_state *bound = state;
    (void)lab;
    for (size_t i = 0; i < bound->count; i++)
        free(bound->heap[i]);
    free(bound->heap);
}

static void bound_push(bound_state *bound, sim_request *request) {
    if (bound->count == bound->room) {
        bound->room = bound->room ? 2 * bound->room : 256;
        bound->heap = realloc(bound->heap, bound->room * sizeof(sim_request *));
        if (bound->heap == NULL) {
            fputs("out of memory\n", stderr);
            exit(1);
        }
    }
    size_t i = bound->count++;
    while (i > 0 && request->service < bound->heap[(i - 1) / 2]->service) {
        bound->heap[i] = bound->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    bound->heap[i] = request;
}

static sim_request *bound_pop(bound_state *bound) {
    if (bound->count == 0)
        return NULL;
    sim_request *first = bound->heap[0], *last = bound->heap[--bound->count];
    size_t i = 0;
    for (size_t child = 1; child < bound->count; child = 2 * i + 1) {
        if (child + 1 < bound->count && bound->heap[child + 1]->service < bound->heap[child]->service)
            child++;
        if (last->service <= bound->heap[child]->service)
            break;
        bound->heap[i] = bound->heap[child];
        i = child;
    }
    if (bound->count > 0)
        bound->heap[i] = last;
    return first;
}

static void bound_arrive(void *state, sim *lab, sim_request *request) {
    if (sim_now(lab) + request->service > request->deadline)
        sim_refuse(lab, request, 0, false);
    else if (sim_idle(lab))
        sim_start(lab, request);
    else
        bound_push(state, request);
}

static void bound_finish(void *state, sim *lab, sim_request *request, bool late) {
    sim_request *next;
    (void)request;
    (void)late;
    while ((next = bound_pop(state)) != NULL) {
        if (sim_now(lab) + next->service <= next->deadline) {
            sim_start(lab, next);
            return;
        }
        sim_refuse(lab, next, 0, false);
    }
}

const sim_policy policy_clairvoyant = {.name = "bound (clairvoyant)",
                                       .size = sizeof(bound_state),
                                       .begin = bound_begin,
                                       .end = bound_end,
                                       .arrive = bound_arrive,
                                       .finish = bound_finish,
                                       .clairvoyant = true};
