/*
 * The head of a recording.
 *
 * SPDX-License-Identifier: MIT
 */
#include "head.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fields.h"

#define MAGIC "degrade-recording"

static bool name_is_plain(const char *name) {
    for (; *name != '\0'; name++)
        if ((unsigned char)*name < ' ' || *name == 0x7f || *name == ',')
            return false;
    return true;
}

size_t recording_head_write(const struct recording_head *head, char text[RECORDING_HEAD_MAX]) {
    if (*head->profile == '\0' || !name_is_plain(head->profile))
        return 0;
    int size = snprintf(text, RECORDING_HEAD_MAX, MAGIC ",%d\nsession,%" PRIu64 ",%s,%" PRIu64 "\n",
                        RECORDING_VERSION, head->id, head->profile, (uint64_t)head->started);
    return (size_t)size;
}

bool recording_is_head(const char *first) {
    return strncmp(first, MAGIC ",", sizeof MAGIC) == 0;
}

bool recording_read_version(char *first, char *fault, size_t size) {
    struct fields fields;
    fields_begin(&fields, first, fault, size);
    fields_text(&fields, "magic");
    uint64_t version = fields_integer(&fields, "version", UINT32_MAX);
    if (version != RECORDING_VERSION)
        fields_fail(&fields, "version", "%" PRIu64 " is not %d, the one that is read here", version,
                    RECORDING_VERSION);
    return fields_end(&fields);
}

bool recording_read_session(struct recording_head *head, char *second, char *fault, size_t size) {
    struct fields fields;
    fields_begin(&fields, second, fault, size);
    const char *word = fields_text(&fields, "session");
    if (strcmp(word, "session") != 0)
        fields_fail(&fields, "session", "'%.40s' is not this word, which the second line begins with",
                    word);
    head->id = fields_integer(&fields, "id", UINT64_MAX);
    const char *profile = fields_text(&fields, "profile");
    if (*profile == '\0' || strlen(profile) >= sizeof head->profile || !name_is_plain(profile))
        fields_fail(&fields, "profile", "'%.40s' is no name of a profile", profile);
    snprintf(head->profile, sizeof head->profile, "%s", profile);
    head->started = fields_integer(&fields, "started", UINT64_MAX);
    return fields_end(&fields);
}
