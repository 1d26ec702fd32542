/*
 * A recording played to a session of a profile.
 *
 * SPDX-License-Identifier: MIT
 */
#include "play.h"

#include <stdio.h>

struct play {
    struct timeline *into;
    dg_session *session;
    dg_time next; /* when it wants to be asked */
    bool full;    /* no memory for what it decided */
};

static bool play_begin(struct play *play, struct timeline *into, const struct recording *recording,
                       const dg_profile *profile) {
    const dg_session_config config = {.id = recording->head.id, .profile = profile};
    *into = (struct timeline){.profile = profile};
    snprintf(into->name, sizeof into->name, "%s", dg_profile_name(profile));
    if (recording->count > 0)
        into->end = recording->lines[recording->count - 1].time;
    *play = (struct play){.into = into, .next = DG_NEVER};
    return dg_session_new(&play->session, &config, 0) == DG_OK;
}

static bool play_end(struct play *play) {
    dg_session_free(play->session);
    return !play->full;
}

static void note(struct play *play, dg_time now, const dg_decision *decision) {
    play->next = decision->next;
    play->full = play->full || !timeline_add(play->into, now, decision);
}

static void ask(struct play *play, dg_time now) {
    dg_decision decision;
    dg_session_ask(play->session, now, &decision);
    note(play, now, &decision);
}

/* Says what a line says to the session. */
static void say(struct play *play, const struct recording_line *line) {
    dg_session *session = play->session;
    dg_time now = line->time;
    dg_decision decision;
    switch (line->kind) {
    case RECORDING_SAMPLE:
        dg_session_feed(session, &line->sample, now, &decision);
        break;
    case RECORDING_ACK:
        dg_session_ack(session, &line->ack, now, &decision);
        break;
    case RECORDING_FORCE:
        dg_session_force(session, line->force.level, line->force.duration, now, &decision);
        break;
    case RECORDING_RELEASE:
        dg_session_unforce(session, now, &decision);
        break;
    case RECORDING_CAP:
        dg_session_cap(session, line->cap, now, &decision);
        break;
    case RECORDING_EXCUSE:
    case RECORDING_ASK:
    case RECORDING_DECISION:
    case RECORDING_END:
        return;
    }
    note(play, now, &decision);
}

bool play_again(struct timeline *into, const struct recording *recording, const dg_profile *profile) {
    struct play play;
    if (!play_begin(&play, into, recording, profile))
        return false;
    for (size_t i = 0; i < recording->count; i++) {
        const struct recording_line *line = &recording->lines[i];
        if (line->kind == RECORDING_END)
            break;
        if (line->kind == RECORDING_EXCUSE) {
            dg_session_excuse(play.session, line->stood, line->time);
            continue;
        }
        ask(&play, line->time);
        say(&play, line);
    }
    return play_end(&play);
}

/* Asks whenever it wants to be, up to a time. */
static void ask_until(struct play *play, dg_time until) {
    while (play->next <= until) {
        dg_time now = play->next;
        ask(play, now);
        if (play->next <= now)
            break;
    }
}

/* The answer to another decision is no answer to this one; what the player was like holds all the same. */
static void say_anew(struct play *play, const struct recording_line *line) {
    struct recording_line ack = *line;
    if (line->kind != RECORDING_ACK) {
        say(play, line);
        return;
    }
    play->into->leftovers += !line->ack.accepted;
    ack.ack.accepted = 1;
    ack.ack.has &= ~(uint32_t)DG_ACK_SEQUENCE;
    ack.ack.sequence = 0;
    say(play, &ack);
}

bool play_anew(struct timeline *into, const struct recording *recording, const dg_profile *profile) {
    struct play play;
    if (!play_begin(&play, into, recording, profile))
        return false;
    for (size_t i = 0; i < recording->count; i++) {
        const struct recording_line *line = &recording->lines[i];
        bool excuse = line->kind == RECORDING_EXCUSE;
        /* Nobody asks while the host stands still. */
        ask_until(&play, excuse && line->stood < line->time ? line->time - line->stood : line->time);
        if (excuse)
            dg_session_excuse(play.session, line->stood, line->time);
        say_anew(&play, line);
    }
    return play_end(&play);
}
