/* JSON: one member found without reading the rest.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/bytes.h"
#include "base/json.h"

#define FIND_NAME_MAX 32

typedef struct find_place {
    const char *at;
    const char *end;
} find_place;

static void find_space(find_place *place) {
    while (place->at < place->end &&
           (*place->at == ' ' || *place->at == '\t' || *place->at == '\n' || *place->at == '\r'))
        place->at++;
}

/* Goes on to a quote or backslash. */
static void find_in_string(find_place *place) {
    for (; place->end - place->at >= DGI_BYTES; place->at += DGI_BYTES) {
        uint64_t word = dgi_bytes_load(place->at);
        uint64_t met = dgi_bytes_equal(word, '"') | dgi_bytes_equal(word, '\\');
        if (met != 0) {
            place->at += dgi_bytes_first(met);
            return;
        }
    }
    while (place->at < place->end && *place->at != '"' && *place->at != '\\')
        place->at++;
}

/* Goes on to a quote or bracket. Of all bytes, only brackets and a few that are rare outside of strings become 0x7f
 * with these bits set. */
static void find_between(find_place *place) {
    for (; place->end - place->at >= DGI_BYTES; place->at += DGI_BYTES) {
        uint64_t word = dgi_bytes_load(place->at);
        uint64_t met = dgi_bytes_equal(word, '"') | dgi_bytes_equal(word | DGI_BYTES_ALL(0x26), 0x7f);
        if (met != 0) {
            place->at += dgi_bytes_first(met);
            return;
        }
    }
}

/* From behind an opening quote to behind the closing one. False if the text ends before it. */
static bool find_string_end(find_place *place) {
    for (;;) {
        find_in_string(place);
        if (place->at == place->end)
            return false;
        if (*place->at++ == '"')
            return true;
        if (place->at == place->end)
            return false;
        place->at++; /* what was escaped */
    }
}

/* Unescapes a string, quotes and all; one that does not fit or is no string comes out empty. */
static void find_unescape(const char *from, const char *end, char *to, size_t size) {
    dgi_json json;
    dgi_json_init(&json, from, (size_t)(end - from));
    dgi_json_string(&json, to, size);
}

/* `from` to `end` is a string, quotes and all. Escapes only make it longer than what it says. */
static bool find_is_name(const char *from, const char *end, const char *name) {
    char word[FIND_NAME_MAX];
    size_t size = (size_t)(end - from) - 2, wanted = strlen(name);
    if (size <= wanted)
        return size == wanted && memcmp(from + 1, name, size) == 0;
    if (memchr(from, '\\', size) == NULL)
        return false;
    find_unescape(from, end, word, sizeof word);
    return strcmp(word, name) == 0;
}

/* Behind the name's colon. */
static dgi_json_found find_value(find_place *place, char *to, size_t size) {
    find_space(place);
    if (place->at == place->end)
        return DGI_JSON_FOUND_CUT;
    const char *from = place->at++;
    if (*from != '"')
        return DGI_JSON_FOUND_OTHER;
    if (!find_string_end(place))
        return DGI_JSON_FOUND_CUT;
    find_unescape(from, place->at, to, size);
    return DGI_JSON_FOUND_STRING;
}

/* Behind a string of the outermost object: a name has a colon behind it. */
static bool find_eat_colon(find_place *place) {
    find_space(place);
    if (place->at == place->end || *place->at != ':')
        return false;
    place->at++;
    return true;
}

dgi_json_found dgi_json_find(const char *text, size_t size, const char *name, unsigned most, char *to,
                             size_t to_size) {
    find_place place = {.at = text, .end = text + size};
    unsigned depth = 0, before = 0;
    find_space(&place);
    if (place.at == place.end || *place.at != '{')
        return DGI_JSON_FOUND_NOTHING;
    for (; place.at < place.end; find_between(&place)) {
        const char *from = place.at++;
        if (before++ > most)
            return DGI_JSON_FOUND_FAR;
        if (*from == '{' || *from == '[') {
            depth++;
        } else if (*from == '}' || *from == ']') {
            if (--depth == 0)
                return DGI_JSON_FOUND_NOTHING;
        } else if (*from == '"') {
            if (!find_string_end(&place))
                return DGI_JSON_FOUND_CUT;
            const char *end = place.at;
            if (depth == 1 && find_eat_colon(&place) && find_is_name(from, end, name))
                return find_value(&place, to, to_size);
        }
    }
    return DGI_JSON_FOUND_CUT;
}
