/*
 * The trail as JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#include "decisions.h"

#include <string.h>

#include "json.h"

static const char *close_name(uint32_t reason) {
    static const char *const names[] = {"host", "dead", "lifetime", "drain", "send"};
    return reason < sizeof names / sizeof names[0] ? names[reason] : "unknown";
}

static void words_write(struct json *json, const char *what, const char *verdict, const char *reason) {
    json_text(json, "what", what);
    json_text(json, "verdict", verdict);
    json_text(json, "reason", reason);
}

static void entry_words(struct json *json, const dg_trail_entry *entry) {
    switch (entry->what) {
    case DG_TRAIL_SESSION:
        words_write(json, dg_trail_what_name(entry->what), dg_level_name(entry->verdict),
                    dg_reason_name(entry->reason));
        json_text(json, "before", dg_level_name(entry->before));
        break;
    case DG_TRAIL_GATE:
        words_write(json, dg_trail_what_name(entry->what), dg_answer_name(entry->verdict),
                    dg_reject_name(entry->reason));
        break;
    default:
        words_write(json, dg_trail_what_name(entry->what), "close", close_name(entry->reason));
        break;
    }
}

static void entry_write(struct body *body, const dg_trail_entry *entry, dg_time now) {
    char text[512];
    struct json json;
    json_begin(&json, text, sizeof text);
    json_open(&json, NULL, '{');
    json_integer(&json, "ms_ago", dg_time_since(entry->time, now) / DG_MS(1));
    json_integer(&json, "who", entry->who);
    entry_words(&json, entry);
    json_number(&json, "value", (double)entry->value);
    json_number(&json, "threshold", (double)entry->threshold);
    json_close(&json, '}');
    if (body->data[body->size - 1] != '[')
        body_write(body, ",\n", 2);
    body_write(body, text, json_end(&json));
}

void decisions_write(const dg_trail *trail, struct body *body, dg_time now) {
    dg_trail_entry entries[64];
    uint64_t cursor = 0;
    int count;
    body_write(body, "[", 1);
    while (!body->failed && (count = dg_trail_read(trail, &cursor, entries, 64)) > 0)
        for (int i = 0; i < count; i++)
            entry_write(body, &entries[i], now);
    body_write(body, "]\n", 2);
}
