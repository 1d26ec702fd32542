/* What waits in front of the workers, for the small policies: a ring, taken from either end. */
#ifndef TESTS_SIM_OVERLOAD_WAITING_H
#define TESTS_SIM_OVERLOAD_WAITING_H

#include "sim.h"

typedef struct waiting {
    sim_request **ring;
    size_t room, first, count;
} waiting;

void waiting_add(waiting *line, sim_request *request);
sim_request *waiting_oldest(waiting *line); /* takes it out; NULL if there is none */
sim_request *waiting_newest(waiting *line);
sim_request *waiting_peek(const waiting *line); /* the oldest, left where it is */
void waiting_free(waiting *line);               /* with what still waits */

#endif
