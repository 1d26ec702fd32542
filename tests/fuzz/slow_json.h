/* JSON as RFC 8259 words it, byte by byte and without a thought for speed: what the library's reader is held against.
 * It shares no code with it. */
#ifndef TESTS_SLOW_JSON_H
#define TESTS_SLOW_JSON_H

#include "fuzz.h"

#define SLOW_DEPTH   16
#define SLOW_NODES   4096
#define SLOW_STRINGS 65536

typedef struct slow_node {
    char kind;        /* one of n t f 0 " [ { */
    int parent;       /* -1: the outermost value */
    const char *name; /* of a member; NULL */
    size_t name_size;
    const char *string; /* unescaped */
    size_t size;        /* of that, or of a number as it is written */
    double number;
} slow_node;

typedef struct slow_json {
    const uint8_t *text;
    size_t size;
    size_t at;
    bool bad;
    bool full; /* more nodes than fit: no answer */
    int count;
    slow_node nodes[SLOW_NODES];
    char strings[SLOW_STRINGS];
    size_t used;
} slow_json;

static inline int slow_look(const slow_json *json) {
    return json->at < json->size ? json->text[json->at] : -1;
}

static inline bool slow_eat(slow_json *json, int c) {
    if (slow_look(json) != c)
        return false;
    json->at++;
    return true;
}

static inline void slow_space(slow_json *json) {
    while (slow_eat(json, ' ') || slow_eat(json, '\t') || slow_eat(json, '\n') || slow_eat(json, '\r'))
        ;
}

static inline void slow_keep(slow_json *json, uint32_t byte) {
    if (json->used < SLOW_STRINGS)
        json->strings[json->used++] = (char)byte;
    else
        json->full = true;
}

static inline void slow_keep_code(slow_json *json, uint32_t code) {
    if (code < 0x80) {
        slow_keep(json, code);
    } else if (code < 0x800) {
        slow_keep(json, 0xc0 + code / 64);
        slow_keep(json, 0x80 + code % 64);
    } else if (code < 0x10000) {
        slow_keep(json, 0xe0 + code / 4096);
        slow_keep(json, 0x80 + code / 64 % 64);
        slow_keep(json, 0x80 + code % 64);
    } else {
        slow_keep(json, 0xf0 + code / 262144);
        slow_keep(json, 0x80 + code / 4096 % 64);
        slow_keep(json, 0x80 + code / 64 % 64);
        slow_keep(json, 0x80 + code % 64);
    }
}

static inline uint32_t slow_hex(slow_json *json) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int c = slow_look(json);
        const char *digits = "0123456789abcdef", *found = NULL;
        if (c >= 'A' && c <= 'F')
            c += 'a' - 'A';
        if (c > 0)
            found = strchr(digits, c);
        if (found == NULL) {
            json->bad = true;
            return 0;
        }
        value = value * 16 + (uint32_t)(found - digits);
        json->at++;
    }
    return value;
}

static inline void slow_escape(slow_json *json) {
    const char *names = "\"\\/bfnrt", *values = "\"\\/\b\f\n\r\t";
    int c = slow_look(json);
    const char *found = c > 0 ? strchr(names, c) : NULL;
    json->at++;
    if (found != NULL) {
        slow_keep(json, (uint32_t)(unsigned char)values[found - names]);
        return;
    }
    if (c != 'u') {
        json->bad = true;
        return;
    }
    uint32_t code = slow_hex(json);
    if (code >= 0xd800 && code <= 0xdfff) {
        bool pair = code <= 0xdbff && slow_eat(json, '\\') && slow_eat(json, 'u');
        uint32_t low = pair ? slow_hex(json) : 0;
        if (low < 0xdc00 || low > 0xdfff) {
            json->bad = true;
            return;
        }
        code = 0x10000 + (code - 0xd800) * 1024 + (low - 0xdc00);
    }
    slow_keep_code(json, code);
}

/* Decodes the sequence to its code point and holds that to the range of its length: RFC 3629. */
static inline void slow_utf8(slow_json *json) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int lead = slow_look(json), length = lead >= 0xf0   ? 4
                                         : lead >= 0xe0 ? 3
                                         : lead >= 0xc0 ? 2
                                         : lead < 0x80  ? 1
                                                        : 0;
    uint32_t code = (uint32_t)lead & (0xffu >> (length + (length > 1)));
    json->at++;
    if (length == 0 || lead >= 0xf8 || lead < 0x20) {
        json->bad = true;
        return;
    }
    for (int i = 1; i < length; i++) {
        int next = slow_look(json);
        if (next < 0x80 || next > 0xbf) {
            json->bad = true;
            return;
        }
        code = code * 64 + ((uint32_t)next & 63);
        json->at++;
    }
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        json->bad = true;
    slow_keep_code(json, length == 1 ? (uint32_t)lead : code);
}

static inline const char *slow_string(slow_json *json, size_t *size) {
    size_t from = json->used;
    if (!slow_eat(json, '"'))
        json->bad = true;
    while (!json->bad && !slow_eat(json, '"')) {
        if (slow_look(json) < 0)
            json->bad = true;
        else if (slow_eat(json, '\\'))
            slow_escape(json);
        else
            slow_utf8(json);
    }
    *size = json->used - from;
    return json->strings + from;
}

static inline void slow_digits(slow_json *json) {
    if (slow_look(json) < '0' || slow_look(json) > '9')
        json->bad = true;
    while (slow_look(json) >= '0' && slow_look(json) <= '9')
        json->at++;
}

/* strtod takes all that the grammar below lets pass, in the C locale. */
static inline double slow_number(slow_json *json, size_t *size) {
    size_t from = json->at;
    slow_eat(json, '-');
    if (!slow_eat(json, '0'))
        slow_digits(json);
    if (slow_eat(json, '.'))
        slow_digits(json);
    if (slow_eat(json, 'e') || slow_eat(json, 'E')) {
        if (!slow_eat(json, '-'))
            slow_eat(json, '+');
        slow_digits(json);
    }
    *size = json->at - from;
    char *copy = malloc(*size + 1);
    CHECK(copy != NULL);
    memcpy(copy, json->text + from, *size);
    copy[*size] = '\0';
    double value = strtod(copy, NULL);
    free(copy);
    return value;
}

static inline void slow_value(slow_json *json, int parent, const char *name, size_t name_size,
                              int depth);

static inline void slow_members(slow_json *json, int self, bool object, int depth) {
    char end = object ? '}' : ']';
    json->at++;
    slow_space(json);
    if (depth > SLOW_DEPTH)
        json->bad = true;
    if (slow_eat(json, end))
        return;
    while (!json->bad) {
        const char *name = NULL;
        size_t size = 0;
        slow_space(json);
        if (object) {
            name = slow_string(json, &size);
            slow_space(json);
            if (!slow_eat(json, ':'))
                json->bad = true;
        }
        slow_value(json, self, name, size, depth);
        slow_space(json);
        if (slow_eat(json, end))
            return;
        if (!slow_eat(json, ','))
            json->bad = true;
    }
}

static inline void slow_word(slow_json *json, const char *word) {
    for (; *word != '\0'; word++)
        if (!slow_eat(json, *word))
            json->bad = true;
}

static inline void slow_value(slow_json *json, int parent, const char *name, size_t name_size,
                              int depth) {
    slow_node node = {.parent = parent, .name = name, .name_size = name_size};
    slow_space(json);
    int c = slow_look(json), self = json->count;
    node.kind = c == '-' || (c >= '0' && c <= '9') ? '0' : c > 0 ? (char)c : '?';
    if (json->bad)
        return;
    if (self == SLOW_NODES) {
        json->full = json->bad = true;
        return;
    }
    json->count++;
    if (node.kind == '"')
        node.string = slow_string(json, &node.size);
    else if (node.kind == '0')
        node.number = slow_number(json, &node.size);
    else if (node.kind == '{' || node.kind == '[')
        slow_members(json, self, node.kind == '{', depth + 1);
    else if (node.kind == 't' || node.kind == 'f' || node.kind == 'n')
        slow_word(json, node.kind == 't' ? "true" : node.kind == 'f' ? "false" : "null");
    else
        json->bad = true;
    json->nodes[self] = node;
}

/* The whole text; nodes[0] is its value. Whether it is JSON. */
static inline bool slow_read(slow_json *json, const uint8_t *text, size_t size) {
    json->text = text;
    json->size = size;
    json->at = 0;
    json->bad = json->full = false;
    json->count = 0;
    json->used = 0;
    slow_value(json, -1, NULL, 0, 0);
    slow_space(json);
    return !json->bad && json->at == size;
}

static inline bool slow_is(const char *string, size_t size, const char *word) {
    return size == strlen(word) && memcmp(string, word, size) == 0;
}

/* Whether a number is whole and at most `high`; only for those that are written with so few digits that the double
 * decides it. */
static inline bool slow_is_whole(const slow_node *node, double high) {
    return node->number >= 0 && node->number <= high && floor(node->number) - node->number == 0;
}

#define SLOW_DIGITS 15

/* How many members of that name an object has, and the first of them in *found. */
static inline int slow_find(const slow_json *json, int object, const char *name,
                            const slow_node **found) {
    int count = 0;
    *found = NULL;
    for (int i = 0; i < json->count; i++) {
        const slow_node *node = &json->nodes[i];
        if (node->parent != object || node->name == NULL || !slow_is(node->name, node->name_size, name))
            continue;
        if (count++ == 0)
            *found = node;
    }
    return count;
}

#endif
