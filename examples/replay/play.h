/*
 * A recording played to a session of a profile.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef REPLAY_PLAY_H
#define REPLAY_PLAY_H

#include "timeline.h"

/* Plays it as it was: every call of then, at its time, and no other. With the profile of then the decisions are those
 * of then. False without memory. */
bool play_again(struct timeline *into, const struct recording *recording, const dg_profile *profile);

/* Plays what came from outside to any profile, and asks whenever that wants to be asked. What the client answered to
 * the decisions of then is left out, but for how its player was. False without memory. */
bool play_anew(struct timeline *into, const struct recording *recording, const dg_profile *profile);

#endif
