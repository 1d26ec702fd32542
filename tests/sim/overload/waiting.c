/* A ring of requests.
 *
 * SPDX-License-Identifier: MIT */
#include "waiting.h"

#include <stdio.h>
#include <stdlib.h>

static void grow(waiting *line) {
    size_t room = line->room ? 2 * line->room : 64;
    sim_request **ring = malloc(room * sizeof(sim_request *));
    if (ring == NULL) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    for (size_t i = 0; i < line->count; i++)
        ring[i] = line->ring[(line->first + i) % line->room];
    free(line->ring);
    line->ring = ring;
    line->room = room;
    line->first = 0;
}

void waiting_add(waiting *line, sim_request *request) {
    if (line->count == line->room)
        grow(line);
    line->ring[(line->first + line->count++) % line->room] = request;
}

sim_request *waiting_peek(const waiting *line) {
    return line->count > 0 ? line->ring[line->first] : NULL;
}

sim_request *waiting_oldest(waiting *line) {
    sim_request *request = waiting_peek(line);
    if (request != NULL) {
        line->first = (line->first + 1) % line->room;
        line->count--;
    }
    return request;
}

sim_request *waiting_newest(waiting *line) {
    if (line->count == 0)
        return NULL;
    return line->ring[(line->first + --line->count) % line->room];
}

void waiting_free(waiting *line) {
    sim_request *request;
    while ((request = waiting_oldest(line)) != NULL)
        free(request);
    free(line->ring);
}
