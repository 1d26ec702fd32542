/*
 * A body that grows as it is written: what dg_metrics_write() writes to.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_BODY_H
#define ECHO_BODY_H

#include <stdbool.h>
#include <stddef.h>

struct body {
    char *data;
    size_t size;
    size_t room;
    bool failed; /* without memory for the rest */
};

/* Adds a piece; a dg_write_fn, `user` being the body. Returns 0, or -1 without memory. */
int body_write(void *user, const char *data, size_t size);

void body_free(struct body *body);

#endif
