/*
 * The head of an HTTP/1.1 request (RFC 9110, RFC 9112), read from a buffer; nothing is copied.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef NET_HTTP_HEAD_H
#define NET_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

/* The longest head, in bytes. A longer one is answered with 431. */
#define HTTP_HEAD_MAX 8192

struct text {
    const char *at;
    size_t size; /* 0: there is none */
};

enum http_method {
    HTTP_OTHER,
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST
};

struct http_head {
    enum http_method method;
    struct text path, query;
    struct text authority; /* of the target if it is absolute, else of Host */
    struct text origin;
    struct text key, version, protocols; /* Sec-WebSocket-* */
    bool websocket;                      /* asks for an upgrade to it */
    bool keep_alive;
    bool body;           /* more follows that belongs to this request */
    bool sized;          /* Content-Length is there, and `length` is what it says */
    bool coded;          /* Transfer-Encoding is there */
    bool expects;        /* waits for a 100 before it sends the body */
    size_t length;       /* of the body */
    struct text content; /* the body, once it has been read */
};

/* Reads the head that `text` begins with. Returns its size; 0 if its end is not there yet; or the negative of the
 * status that it is to be answered with. */
int http_head_read(struct http_head *head, const char *text, size_t size);

bool text_is(struct text text, const char *other);        /* byte for byte */
bool text_is_word(struct text text, const char *other);   /* whatever the case, ASCII */
bool text_same_word(struct text text, struct text other); /* the same, of two texts */
bool text_names(struct text list, const char *word);      /* a list with commas names the word */

/* Says whether one of a query's parts, which "&" divides, is this one. */
bool query_has(struct text query, const char *part);

/* Finds the value of the first part "name=value"; `at` is NULL if there is none. */
struct text query_value(struct text query, const char *name);

/* Takes the next of a list with commas off its front, without spaces around it. False at the end. */
bool text_next(struct text *list, struct text *item);

#endif
