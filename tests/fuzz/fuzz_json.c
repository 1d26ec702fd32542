/* The JSON reader: it takes what RFC 8259 allows, with the values that it means, and nothing else; any order of calls stays
 * within the text. What is written is read again.
 *
 * SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <limits.h>

#include "base/utf8.h"
#include "slow_json.h"

static slow_json slow;

/* --- the same tree, value by value --- */

static void same_string(dgi_json *json, const slow_node *node) {
    static char text[SLOW_STRINGS + 1];
    dgi_json copy = *json;
    bool has_zero = memchr(node->string, 0, node->size) != NULL;
    CHECK(dgi_json_string(&copy, text, sizeof text) == !has_zero);
    if (!has_zero)
        CHECK(strlen(text) == node->size && memcmp(text, node->string, node->size) == 0);
    copy = *json;
    CHECK(!dgi_json_string(&copy, text, node->size)); /* no room for the zero */
}

static void same_number(dgi_json *json, const slow_node *node) {
    dgi_json copy = *json;
    double value = 7;
    uint64_t whole = 7;
    CHECK(dgi_json_number(&copy, &value) == isfinite(node->number));
    CHECK(isfinite(node->number) ? memcmp(&value, &node->number, sizeof value) == 0 : value == 0);
    copy = *json;
    if (dgi_json_u64(&copy, &whole))
        CHECK((double)whole - node->number == 0);
    else
        CHECK(whole == 0 &&
              (node->size > SLOW_DIGITS || !slow_is_whole(node, 1e15) || node->number < 1));
}

static void same_bool(const dgi_json *json, const slow_node *node) {
    dgi_json copy = *json;
    bool truth = false;
    CHECK(node->kind == 't' || node->kind == 'f');
    CHECK(dgi_json_bool(&copy, &truth) && truth == (node->kind == 't'));
}

/* Arrays are only passed over: the place behind the last node below `self`. */
static int behind(int self) {
    int at = self + 1;
    for (bool below = true; below && at < slow.count; at += below) {
        int up = slow.nodes[at].parent;
        while (up > self)
            up = slow.nodes[up].parent;
        below = up == self;
    }
    return at;
}

static void same_value(dgi_json *json, int *at);

static void same_object(dgi_json *json, int *at, int self) {
    static char name[SLOW_STRINGS + 1];
    CHECK(dgi_json_object(json));
    while (dgi_json_member(json, name, sizeof name)) {
        const slow_node *member = &slow.nodes[*at];
        CHECK(member->parent == self);
        if (memchr(member->name, 0, member->name_size) == NULL)
            CHECK(slow_is(member->name, member->name_size, name));
        else
            CHECK(name[0] == '\0');
        same_value(json, at);
    }
    CHECK(!json->failed);
}

/* Reads the value before which `json` stands and that `*at` is; objects member by member. */
static void same_value(dgi_json *json, int *at) {
    static const char kinds[] = {
        [DGI_JSON_NULL] = 'n',   [DGI_JSON_FALSE] = 'f', [DGI_JSON_TRUE] = 't',  [DGI_JSON_NUMBER] = '0',
        [DGI_JSON_STRING] = '"', [DGI_JSON_ARRAY] = '[', [DGI_JSON_OBJECT] = '{'};
    const slow_node *node = &slow.nodes[*at];
    int self = (*at)++;
    CHECK(node->kind == kinds[dgi_json_peek(json)]);
    if (node->kind == '{') {
        same_object(json, at, self);
        return;
    }
    if (node->kind == '[')
        *at = behind(self);
    else if (node->kind == '"')
        same_string(json, node);
    else if (node->kind == '0')
        same_number(json, node);
    else if (node->kind != 'n')
        same_bool(json, node);
    CHECK(dgi_json_skip(json));
}

static void same_tree(const char *text, size_t size) {
    dgi_json json;
    int at = 0;
    dgi_json_init(&json, text, size);
    same_value(&json, &at);
    CHECK(dgi_json_end(&json) && at == slow.count);
}

/* --- one member --- */

static void same_found(const char *text, size_t size, bool good) {
    char word[24] = "x";
    const slow_node *type;
    dgi_json_found how = dgi_json_find(text, size, "type", UINT_MAX, word, sizeof word);
    if (how == DGI_JSON_FOUND_STRING)
        CHECK(memchr(word, 0, sizeof word) != NULL);
    if (!good)
        return;
    CHECK(how != DGI_JSON_FOUND_CUT);
    if (slow.nodes[0].kind != '{' || slow_find(&slow, 0, "type", &type) == 0) {
        CHECK(how == DGI_JSON_FOUND_NOTHING);
    } else if (type->kind != '"') {
        CHECK(how == DGI_JSON_FOUND_OTHER);
    } else {
        bool fits = type->size < sizeof word && memchr(type->string, 0, type->size) == NULL;
        CHECK(how == DGI_JSON_FOUND_STRING);
        CHECK(fits ? slow_is(type->string, type->size, word) : word[0] == '\0');
    }
}

/* --- any order of calls --- */

static void any_call(dgi_json *json, unsigned call, size_t room) {
    char text[32] = "";
    double number = 7;
    uint64_t whole = 7;
    bool truth = true;
    switch (call) {
    case 0:
        dgi_json_member(json, text, room);
        break;
    case 1:
        dgi_json_object(json);
        break;
    case 2:
        if (!dgi_json_string(json, text, room) && room > 0)
            CHECK(text[0] == '\0');
        break;
    case 3:
        CHECK(dgi_json_number(json, &number) || number == 0);
        CHECK(isfinite(number));
        break;
    case 4:
        CHECK(dgi_json_u64(json, &whole) || whole == 0);
        break;
    case 5:
        CHECK(dgi_json_bool(json, &truth) || !truth);
        break;
    case 6:
        dgi_json_skip(json);
        break;
    default:
        dgi_json_peek(json);
    }
}

static void walk(const char *text, size_t size, uint64_t calls, bool good) {
    dgi_json json;
    dgi_json_init(&json, text, size);
    for (unsigned i = 0; i < 500; i++) {
        bool failed = json.failed;
        any_call(&json, calls >> i % 20 * 3 & 7, calls >> 59);
        CHECK(json.at >= text && json.at <= text + size && json.depth <= DGI_JSON_DEPTH);
        CHECK(!failed || json.failed);
        if (dgi_json_end(&json))
            CHECK(good && !json.failed);
    }
}

/* --- written and read again --- */

static void written_again(const uint8_t *data, size_t size) {
    static char value[1024], out[8 * 1024], back[4 * 1024];
    dgi_text text;
    dgi_json_writer writer;
    size_t used = 0;
    for (; used < size && used < sizeof value - 1 && data[used] != 0; used++)
        value[used] = (char)data[used];
    value[used] = '\0';
    dgi_text_init(&text, out, sizeof out);
    dgi_json_write_init(&writer, &text);
    dgi_json_write_string(&writer, NULL, value);
    CHECK(dgi_text_end(&text));
    dgi_json json;
    dgi_json_init(&json, out, text.used);
    CHECK(dgi_json_string(&json, back, sizeof back) && dgi_json_end(&json));
    if (dgi_utf8_valid(value, used))
        CHECK(strcmp(value, back) == 0);
}

static void number_again(const uint8_t *data, size_t size) {
    char out[64];
    double value, back;
    dgi_text text;
    dgi_json json;
    if (size < sizeof value)
        return;
    memcpy(&value, data, sizeof value);
    if (!isfinite(value))
        return;
    dgi_text_init(&text, out, sizeof out);
    dgi_text_exact(&text, value);
    CHECK(dgi_text_end(&text));
    dgi_json_init(&json, out, text.used);
    CHECK(dgi_json_number(&json, &back) && dgi_json_end(&json) && back - value == 0);
    CHECK(strtod(out, NULL) - value == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input in = {data, size};
    uint64_t calls;
    fuzz_take(&in, &calls, sizeof calls);
    if (in.left > 60000)
        return 0;
    char *text = malloc(in.left > 0 ? in.left : 1);
    CHECK(text != NULL);
    if (in.left > 0)
        memcpy(text, in.at, in.left);
    bool good = slow_read(&slow, in.at, in.left);
    if (!slow.full) {
        dgi_json json;
        dgi_json_init(&json, text, in.left);
        CHECK((dgi_json_skip(&json) && dgi_json_end(&json)) == good);
        if (good)
            same_tree(text, in.left);
        same_found(text, in.left, good);
        walk(text, in.left, calls, good);
    }
    written_again(in.at, in.left);
    number_again(in.at, in.left);
    free(text);
    return 0;
}
