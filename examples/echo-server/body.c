/*
 * A body that grows as it is written.
 *
 * SPDX-License-Identifier: MIT
 */
#include "body.h"

#include <stdlib.h>
#include <string.h>

static bool body_grow(struct body *body, size_t size) {
    size_t room = body->room ? body->room : 4096;
    while (room < size)
        room *= 2;
    char *data = realloc(body->data, room);
    if (data == NULL)
        return false;
    body->data = data;
    body->room = room;
    return true;
}

int body_write(void *user, const char *data, size_t size) {
    struct body *body = user;
    if (body->failed || (body->size + size > body->room && !body_grow(body, body->size + size))) {
        body->failed = true;
        return -1;
    }
    memcpy(body->data + body->size, data, size);
    body->size += size;
    return 0;
}

void body_free(struct body *body) {
    free(body->data);
    *body = (struct body){0};
}
