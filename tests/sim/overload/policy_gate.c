/* The library's gate: what it is told is a request's deadline, priority, key and cost, and nothing of the workload.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "degrade/gate.h"
#include "policies.h"

typedef struct gate_state {
    dg_sampler *sampler;
    dg_queue *queue;
    dg_gate *gate;
} gate_state;

/* A request that runs keeps its permit here. */
typedef struct gate_note {
    dg_permit permit;
} gate_note;

static void must(int status) {
    if (status < 0) {
        fprintf(stderr, "%s\n", dg_strerror(status));
        exit(1);
    }
}

static void gate_make(gate_state *state, sim *lab, uint32_t occupancy) {
    uint64_t seed = sim_draw(sim_chance(lab)) | 1;
    must(dg_sampler_new(&state->sampler, &(dg_sampler_config){.seed = seed}, sim_now(lab)));
    must(dg_queue_new(&state->queue,
                      &(dg_queue_config){.seed = seed,
                                         .in_flight = sim_work_of(lab)->workers,
                                         .cost_max = DG_QUEUE_COST_MAX,
                                         .reset_interval = DG_OFF},
                      sim_now(lab)));
    must(dg_gate_new(
        &state->gate,
        &(dg_gate_config){
            .sampler = state->sampler, .queue = state->queue, .seed = seed, .occupancy = occupancy},
        sim_now(lab)));
}

static void gate_begin(void *state, sim *lab) {
    gate_make(state, lab, DG_GATE_OCCUPANCY_DELAY);
}

static void gate_begin_slots(void *state, sim *lab) {
    gate_make(state, lab, DG_GATE_OCCUPANCY_SLOTS);
}

static void gate_run(sim *lab, sim_request *request, const dg_permit *permit) {
    gate_note *note = malloc(sizeof *note);
    must(note != NULL ? DG_OK : DG_ERR_NOMEM);
    note->permit = *permit;
    request->note = note;
    sim_start(lab, request);
}

/* What waited comes out, to run or too late. */
static void gate_pump(gate_state *state, sim *lab) {
    dg_queue_entry entry;
    while (dg_gate_pop(state->gate, sim_now(lab), &entry) > 0) {
        if (entry.what == DG_QUEUE_RUN)
            gate_run(lab, entry.item, &entry.permit);
        else
            sim_refuse(lab, entry.item, DG_SEC(1), true);
    }
}

static void gate_arrive(void *opaque, sim *lab, sim_request *request) {
    gate_state *state = opaque;
    dg_verdict verdict;
    const dg_request asked = {.item = request,
                              .deadline = request->deadline,
                              .key = request->key,
                              .priority = request->priority,
                              .cost = request->cost};
    must(dg_gate_ask(state->gate, &asked, sim_now(lab), &verdict));
    switch (verdict.answer) {
    case DG_ANSWER_ADMIT:
    case DG_ANSWER_ADMIT_REDUCED:
        gate_run(lab, request, &verdict.permit);
        break;
    case DG_ANSWER_WAIT:
        break;
    default:
        sim_refuse(lab, request, verdict.retry_after, false);
    }
    gate_pump(state, lab);
}

static void gate_finish(void *opaque, sim *lab, sim_request *request, bool late) {
    gate_state *state = opaque;
    gate_note *note = request->note;
    must(dg_gate_release(state->gate, &note->permit, late ? DG_OUTCOME_TIMEOUT : DG_OUTCOME_SUCCESS,
                         sim_now(lab)));
    free(note);
    request->note = NULL;
    gate_pump(state, lab);
}

static void gate_end(void *opaque, sim *lab) {
    gate_state *state = opaque;
    dg_queue_entry entry;
    dg_queue_flush(state->queue, sim_now(lab));
    while (dg_gate_pop(state->gate, sim_now(lab), &entry) > 0)
        free(entry.item);
    dg_gate_free(state->gate);
    dg_queue_free(state->queue);
    dg_sampler_free(state->sampler);
}

const sim_policy policy_gate = {.name = "libdegrade gate",
                                .size = sizeof(gate_state),
                                .begin = gate_begin,
                                .end = gate_end,
                                .arrive = gate_arrive,
                                .finish = gate_finish};
const sim_policy policy_gate_slots = {.name = "libdegrade gate, by slots",
                                      .size = sizeof(gate_state),
                                      .begin = gate_begin_slots,
                                      .end = gate_end,
                                      .arrive = gate_arrive,
                                      .finish = gate_finish};
