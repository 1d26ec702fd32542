/* What comes out of a gate and what is given back to it.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/gate_state.h"
#include "base/struct.h"

/* --- giving out --- */

static void leave_answer(dg_gate *gate, double occupancy, dg_time now, dg_queue_entry *entry) {
    if (entry->what != DG_QUEUE_RUN) {
        dgi_count(&gate->ended, 1);
        return;
    }
    dgi_count(&gate->started, 1);
    if (!dgi_gate_is_tight(gate, occupancy, now))
        return;
    entry->answer = DG_ANSWER_ADMIT_REDUCED;
    dgi_count(&gate->started_reduced, 1);
}

int dg_gate_pop_sized(dg_gate *gate, dg_time now, dg_queue_entry *entry, size_t entry_size) {
    if (!DGI_OUT(dg_queue_entry, entry, entry_size) || gate == NULL)
        return DG_ERR_INVALID;
    dg_queue_entry result;
    dgi_queue_view after;
    dg_time at = dgi_queue_begin(gate->queue, now);
    int given = dgi_queue_pop(gate->queue, at, now, gate->owner, &result);
    dgi_queue_look(gate->queue, INT32_MIN, at, &after);
    dgi_queue_end(gate->queue);
    dgi_gate_feed_view(gate, &after, now);
    if (given <= 0)
        return given;
    leave_answer(gate, dgi_gate_share(dgi_gate_occupancy(gate, &after, after.timeout)), now, &result);
    DGI_WRITE(dg_queue_entry, entry, entry_size, &result);
    return given;
}

dg_time dg_gate_due(dg_gate *gate, dg_time now) {
    return gate != NULL ? dg_queue_due(gate->queue, now) : DG_NEVER;
}

int dg_gate_cancel_sized(dg_gate *gate, uint64_t ticket, dg_time now, dg_queue_entry *entry,
                         size_t entry_size) {
    bool usable = DGI_OUT(dg_queue_entry, entry, entry_size);
    if (gate == NULL || (entry != NULL && !usable))
        return DG_ERR_INVALID;
    dg_queue_entry result;
    int status = dg_queue_cancel(gate->queue, ticket, now, &result);
    if (status != DG_OK)
        return status;
    dgi_count(result.what == DG_QUEUE_CANCELLED ? &gate->cancelled : &gate->ended, 1);
    dgi_gate_feed(gate, now);
    DGI_WRITE(dg_queue_entry, entry, entry_size, &result);
    return DG_OK;
}

/* --- taking back --- */

static bool leave_is_connection(const dg_gate *gate, const dg_permit *permit) {
    return dgi_permit_is(permit, DGI_PERMIT_CONNECTION, gate->owner.tag);
}

static bool leave_is_own(const dg_gate *gate, const dg_permit *permit) {
    return !dg_permit_held(permit) || leave_is_connection(gate, permit) ||
           dgi_permit_is(permit, gate->owner.kind, gate->owner.tag);
}

static dgi_done leave_work(dg_gate *gate, const dg_permit *permit, uint32_t outcome, dg_time now) {
    dgi_queue_view after;
    dg_time at = dgi_queue_begin(gate->queue, now);
    dgi_done done = dgi_queue_report(gate->queue, permit, outcome, at);
    if (gate->load != NULL)
        dgi_queue_look(gate->queue, INT32_MIN, at, &after);
    dgi_queue_end(gate->queue);
    if (gate->load != NULL)
        dgi_gate_feed_view(gate, &after, now);
    return done;
}

static dgi_done leave_connection(dg_gate *gate, const dg_permit *permit, dg_time now) {
    if (!dgi_permits_take_back(&gate->connections, permit))
        return DGI_DONE_DOUBLE;
    dgi_gate_feed(gate, now);
    return DGI_DONE_HELD;
}

int dg_gate_release(dg_gate *gate, dg_permit *permit, uint32_t outcome, dg_time now) {
    if (gate == NULL || permit == NULL || outcome > DG_OUTCOME_CANCELLED || !leave_is_own(gate, permit))
        return DG_ERR_INVALID;
    dgi_done done = DGI_DONE_DOUBLE;
    if (leave_is_connection(gate, permit))
        done = leave_connection(gate, permit, now);
    else if (dg_permit_held(permit))
        done = leave_work(gate, permit, outcome, now);
    dgi_permit_clear(permit);
    dgi_count(done == DGI_DONE_HELD   ? &gate->released
              : done == DGI_DONE_LATE ? &gate->late
                                      : &gate->doubled,
              1);
    return DG_OK;
}

static bool leave_settle(dg_gate *gate, const dg_permit *permit, uint32_t cost, dg_time now) {
    if (leave_is_connection(gate, permit))
        return true;
    dgi_queue_begin(gate->queue, now);
    bool runs = dgi_queue_settle(gate->queue, permit, cost);
    dgi_queue_end(gate->queue);
    return runs;
}

int dg_gate_settle(dg_gate *gate, dg_permit *permit, uint32_t cost, dg_time now) {
    if (gate == NULL || permit == NULL || !leave_is_own(gate, permit))
        return DG_ERR_INVALID;
    if (!dg_permit_held(permit) || !leave_settle(gate, permit, cost, now))
        return DG_OK;
    if (gate->bucket != NULL)
        dg_bucket_settle(gate->bucket, dg_permit_cost(permit), cost, now);
    dgi_permit inside = dgi_permit_of(permit);
    inside.cost = cost;
    dgi_permit_give(permit, &inside);
    return DG_OK;
}
