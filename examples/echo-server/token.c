/*
 * Tokens.
 *
 * SPDX-License-Identifier: MIT
 */
#include "token.h"

#include <sys/random.h>

bool token_make(struct token *token) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bits[TOKEN_DIGITS / 2];
    *token = (struct token){0};
    if (getrandom(bits, sizeof bits, 0) != sizeof bits)
        return false;
    for (unsigned i = 0; i < sizeof bits; i++) {
        token->hex[2 * i] = digits[bits[i] >> 4];
        token->hex[2 * i + 1] = digits[bits[i] & 15];
    }
    return true;
}

bool token_is(const struct token *token, struct text text) {
    unsigned char differ = token->hex[0] == '\0';
    if (text.size != TOKEN_DIGITS)
        return false;
    for (unsigned i = 0; i < TOKEN_DIGITS; i++)
        differ |= (unsigned char)(token->hex[i] ^ text.at[i]);
    return differ == 0;
}
