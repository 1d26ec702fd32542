/*
 * The head of an HTTP/1.1 request.
 *
 * SPDX-License-Identifier: MIT
 */
#include "http_head.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum {
    BAD_REQUEST = -400,
    HEAD_TOO_LARGE = -431,
    BAD_VERSION = -505
};

/* What the headers say before it is made sense of. */
struct draft {
    struct http_head *head;
    struct text host, length, coding, expect;
    bool newer; /* HTTP/1.1, not 1.0 */
    bool upgrades, closes, stays;
};

bool text_is(struct text text, const char *other) {
    return text.size == strlen(other) && memcmp(text.at, other, text.size) == 0;
}

bool text_same_word(struct text text, struct text other) {
    return text.size == other.size && (text.size == 0 || strncasecmp(text.at, other.at, text.size) == 0);
}

bool text_is_word(struct text text, const char *other) {
    return text_same_word(text, (struct text){other, strlen(other)});
}

static bool is_space(char c) {
    return c == ' ' || c == '\t';
}

static struct text text_trim(struct text text) {
    while (text.size > 0 && is_space(text.at[0])) {
        text.at++;
        text.size--;
    }
    while (text.size > 0 && is_space(text.at[text.size - 1]))
        text.size--;
    return text;
}

/* Cuts a text at the first `mark`; what stands before it is returned. */
static struct text text_cut(struct text *rest, char mark) {
    const char *found = rest->size ? memchr(rest->at, mark, rest->size) : NULL;
    size_t size = found ? (size_t)(found - rest->at) : rest->size;
    struct text before = {rest->at, size};
    size_t skipped = found ? size + 1 : size;
    rest->at += skipped;
    rest->size -= skipped;
    return before;
}

bool text_next(struct text *list, struct text *item) {
    while (list->size > 0) {
        *item = text_trim(text_cut(list, ','));
        if (item->size > 0)
            return true;
    }
    return false;
}

bool text_names(struct text list, const char *word) {
    struct text item;
    while (text_next(&list, &item))
        if (text_is_word(item, word))
            return true;
    return false;
}

bool query_has(struct text query, const char *part) {
    while (query.size > 0)
        if (text_is(text_cut(&query, '&'), part))
            return true;
    return false;
}

struct text query_value(struct text query, const char *name) {
    while (query.size > 0) {
        struct text value = text_cut(&query, '&'), before = text_cut(&value, '=');
        if (text_is(before, name))
            return value;
    }
    return (struct text){0};
}

/* A character that a method or the name of a header is made of. */
static bool is_token(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool all_token(struct text text) {
    for (size_t i = 0; i < text.size; i++)
        if (!is_token((unsigned char)text.at[i]))
            return false;
    return text.size > 0;
}

/* No control character: neither a lone CR nor a zero. */
static bool all_printable(struct text text) {
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.at[i] < 0x20 && text.at[i] != '\t')
            return false;
    return true;
}

/* "http://host/path" is cut into its parts; "*" and "host:port" have no path here. */
static int read_target(struct draft *draft, struct text target) {
    struct http_head *head = draft->head;
    static const char scheme[] = "http://";
    size_t skip = sizeof scheme - 1;
    if (target.size > skip && strncasecmp(target.at, scheme, skip) == 0) {
        struct text rest = {target.at + skip, target.size - skip};
        size_t size = strcspn(rest.at, "/? ");
        head->authority = (struct text){rest.at, size};
        target = (struct text){rest.at + size, rest.size - size};
        if (target.size == 0)
            target = (struct text){"/", 1};
    } else if (target.size == 0 || target.at[0] != '/') {
        return BAD_REQUEST;
    }
    head->path = text_cut(&target, '?');
    head->query = target;
    return 0;
}

static int read_request_line(struct draft *draft, struct text line) {
    struct text method = text_cut(&line, ' '), target = text_cut(&line, ' ');
    if (!all_token(method) || !all_printable(target) || line.size != 8 ||
        memcmp(line.at, "HTTP/", 5) != 0)
        return BAD_REQUEST;
    if (!text_is(line, "HTTP/1.1") && !text_is(line, "HTTP/1.0"))
        return BAD_VERSION;
    draft->newer = line.at[7] == '1';
    draft->head->method = text_is(method, "GET")    ? HTTP_GET
                          : text_is(method, "HEAD") ? HTTP_HEAD
                          : text_is(method, "POST") ? HTTP_POST
                                                    : HTTP_OTHER;
    return read_target(draft, target);
}

static void read_connection(struct draft *draft, struct text value) {
    draft->upgrades |= text_names(value, "upgrade");
    draft->closes |= text_names(value, "close");
    draft->stays |= text_names(value, "keep-alive");
}

/* What may come once only is a fault when it comes again: two readers could disagree on which counts. */
static int keep_once(struct text *kept, struct text value) {
    if (kept->at != NULL)
        return BAD_REQUEST;
    *kept = value;
    return 0;
}

static int read_header(struct draft *draft, struct text name, struct text value) {
    struct http_head *head = draft->head;
    const struct {
        const char *name;
        struct text *once;
    } rows[] = {{"host", &draft->host},
                {"origin", &head->origin},
                {"content-length", &draft->length},
                {"transfer-encoding", &draft->coding},
                {"expect", &draft->expect},
                {"sec-websocket-key", &head->key},
                {"sec-websocket-version", &head->version}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (text_is_word(name, rows[i].name))
            return keep_once(rows[i].once, value);
    if (text_is_word(name, "connection"))
        read_connection(draft, value);
    else if (text_is_word(name, "upgrade"))
        head->websocket |= text_names(value, "websocket");
    else if (text_is_word(name, "sec-websocket-protocol"))
        head->protocols = value;
    return 0;
}

static int read_header_line(struct draft *draft, struct text line) {
    struct text value = line, name = text_cut(&value, ':');
    if (name.size == line.size || !all_token(name) || !all_printable(value))
        return BAD_REQUEST; /* no colon, a space before it, or a line folded as of old */
    return read_header(draft, name, text_trim(value));
}

/* Digits and nothing else: neither a sign nor a list. What is too long to be read is longer than all that we take. */
static int read_length(struct http_head *head, struct text length) {
    if (length.at == NULL)
        return 0;
    head->sized = true;
    for (size_t i = 0; i < length.size; i++) {
        if (length.at[i] < '0' || length.at[i] > '9')
            return BAD_REQUEST;
        size_t digit = (size_t)(length.at[i] - '0');
        head->length = head->length > (SIZE_MAX - digit) / 10 ? SIZE_MAX : head->length * 10 + digit;
    }
    return length.size > 0 ? 0 : BAD_REQUEST;
}

static int draft_finish(struct draft *draft) {
    struct http_head *head = draft->head;
    if (draft->host.at == NULL && draft->newer)
        return BAD_REQUEST;
    if (head->authority.size == 0)
        head->authority = draft->host;
    head->websocket &= draft->upgrades && draft->newer;
    head->keep_alive = draft->newer ? !draft->closes : draft->stays && !draft->closes;
    head->coded = draft->coding.at != NULL;
    head->expects = draft->expect.at != NULL;
    if (head->coded && draft->length.at != NULL)
        return BAD_REQUEST; /* where it ends, two readers could disagree on */
    int fault = read_length(head, draft->length);
    head->body = head->coded || head->length > 0;
    return fault;
}

/* The size of the head with its empty line, or 0. A line may end in LF alone. */
static size_t find_end(const char *text, size_t size) {
    const char *at = text, *end = text + size;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        if (at < end && *at == '\n')
            return (size_t)(at + 1 - text);
        if (at + 1 < end && at[0] == '\r' && at[1] == '\n')
            return (size_t)(at + 2 - text);
    }
    return 0;
}

static struct text take_line(struct text *rest) {
    struct text line = text_cut(rest, '\n');
    if (line.size > 0 && line.at[line.size - 1] == '\r')
        line.size--;
    return line;
}

/* Lines before a request are passed over, as RFC 9112 (2.2) wants; whatever else is no request is told early. */
static size_t skip_empty_lines(const char *text, size_t size) {
    size_t at = 0;
    while (at < size && (text[at] == '\r' || text[at] == '\n'))
        at++;
    return at;
}

int http_head_read(struct http_head *head, const char *text, size_t size) {
    struct draft draft = {.head = head};
    size_t begin = skip_empty_lines(text, size < HTTP_HEAD_MAX ? size : HTTP_HEAD_MAX);
    size_t end = find_end(text + begin, size - begin);
    *head = (struct http_head){0};
    if (begin < size && !is_token((unsigned char)text[begin]))
        return BAD_REQUEST;
    if (begin + end > HTTP_HEAD_MAX || (end == 0 && size >= HTTP_HEAD_MAX))
        return HEAD_TOO_LARGE;
    if (end == 0)
        return 0;
    struct text rest = {text + begin, end}, line = take_line(&rest);
    int fault = read_request_line(&draft, line);
    while (fault == 0 && (line = take_line(&rest)).size > 0)
        fault = read_header_line(&draft, line);
    if (fault == 0)
        fault = draft_finish(&draft);
    return fault != 0 ? fault : (int)(begin + end);
}
