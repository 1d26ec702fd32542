/* Every policy of the laboratory: the library's gate, and small honest versions of what people use today. */
#ifndef TESTS_SIM_OVERLOAD_POLICIES_H
#define TESTS_SIM_OVERLOAD_POLICIES_H

#include "sim.h"

/* policy_queue.c: bounds and orders of a queue */
extern const sim_policy policy_none, policy_cutoff, policy_graduated, policy_codel, policy_newest,
    policy_predicted;
/* policy_limit.c: limits found from latency */
extern const sim_policy policy_gradient, policy_aimd, policy_vegas;
/* policy_share.c: shares turned away, by server or client */
extern const sim_policy policy_throttle, policy_dagor, policy_pi, policy_credits;
/* policy_bound.c: what only hindsight can do */
extern const sim_policy policy_clairvoyant;
/* policy_gate.c: the library */
extern const sim_policy policy_gate, policy_gate_slots;

#endif
