/*
 * The words of a recording's lines.
 *
 * SPDX-License-Identifier: MIT
 */
#include "words.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* In the order of enum recording_kind. */
static const char *const kinds[] = {"sample", "ack", "force",    "release", "cap",
                                    "excuse", "ask", "decision", "end"};
static const char *const ends[] = {"closed", "limit"};
/* In the order of the bits of DG_SEND_*. */
static const char *const sends[] = {"fallback_off", "degraded", "restored", "fallback_on", "again"};

static int find(const char *const *words, size_t count, const char *word) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0)
            return (int)i;
    return -1;
}

const char *word_of_kind(unsigned kind) {
    return kinds[kind];
}

int word_find_kind(const char *word) {
    return find(kinds, COUNT(kinds), word);
}

const char *word_of_end(unsigned end) {
    return ends[end];
}

int word_find_end(const char *word) {
    return find(ends, COUNT(ends), word);
}

void words_of_send(uint32_t send, char text[WORDS_SEND_MAX]) {
    *text = '\0';
    for (size_t bit = 0; bit < COUNT(sends); bit++) {
        if ((send >> bit & 1) == 0)
            continue;
        if (*text != '\0')
            strcat(text, "+");
        strcat(text, sends[bit]);
    }
}

bool words_read_send(const char *text, uint32_t *send) {
    char word[WORDS_SEND_MAX];
    *send = 0;
    if (*text == '\0')
        return true;
    for (;; text++) {
        size_t size = strcspn(text, "+");
        if (size >= sizeof word)
            return false;
        memcpy(word, text, size);
        word[size] = '\0';
        int bit = find(sends, COUNT(sends), word);
        if (bit < 0 || (*send >> bit & 1) != 0)
            return false;
        *send |= UINT32_C(1) << bit;
        text += size;
        if (*text == '\0')
            return true;
    }
}
