/*
 * The trail as JSON: who was decided on, by what, and which value stood against which threshold.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_DECISIONS_H
#define ECHO_DECISIONS_H

#include <degrade/degrade.h>

#include "body.h"

/* Writes the decisions of `trail`, oldest first, as one array. */
void decisions_write(const dg_trail *trail, struct body *body, dg_time now);

#endif
