/*
 * Tokens: 128 random bits that let a client go on with its session, and nobody else.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_TOKEN_H
#define ECHO_TOKEN_H

#include <stdbool.h>

#include "net/http_head.h"

#define TOKEN_DIGITS 32

struct token {
    char hex[TOKEN_DIGITS + 1]; /* empty: none, which no text is the same as */
};

/* Makes a new one of the kernel's random numbers. False without them: then it is none. */
bool token_make(struct token *token);

/* Says whether a text is that token, in a time that does not depend on where they differ. */
bool token_is(const struct token *token, struct text text);

#endif
