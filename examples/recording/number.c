/*
 * Numbers as text that reads back as the very same number.
 *
 * SPDX-License-Identifier: MIT
 */
#include "number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS UINT64_C(1000000)
#define DECIMALS  6

void number_ms(char text[NUMBER_MAX], uint64_t ns) {
    int size =
        snprintf(text, NUMBER_MAX, "%" PRIu64 ".%06u", ns / NS_PER_MS, (unsigned)(ns % NS_PER_MS));
    while (text[size - 1] == '0')
        text[--size] = '\0';
    if (text[size - 1] == '.')
        text[--size] = '\0';
}

/* 17 digits are always enough, and nearly always 15 are (IEEE 754, binary64). */
void number_double(char text[NUMBER_MAX], double value) {
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, NUMBER_MAX, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            return;
    }
}

bool number_read_integer(const char *text, uint64_t most, uint64_t *value) {
    uint64_t read = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        unsigned digit = (unsigned)(*text - '0');
        if (*text < '0' || *text > '9' || read > (most - digit) / 10 || digit > most)
            return false;
        read = 10 * read + digit;
    }
    *value = read;
    return true;
}

/* The decimals as a fraction of a million. */
static bool decimals_read(const char *text, uint64_t *value) {
    char padded[DECIMALS + 1] = "000000";
    size_t size = strlen(text);
    if (size < 1 || size > DECIMALS)
        return false;
    memcpy(padded, text, size);
    return number_read_integer(padded, NS_PER_MS - 1, value);
}

bool number_read_ms(const char *text, uint64_t *ns) {
    char whole[NUMBER_MAX];
    uint64_t ms, rest = 0;
    size_t size = strcspn(text, ".");
    if (size >= sizeof whole)
        return false;
    memcpy(whole, text, size);
    whole[size] = '\0';
    if (!number_read_integer(whole, UINT64_MAX / NS_PER_MS - 1, &ms) ||
        (text[size] == '.' && !decimals_read(text + size + 1, &rest)))
        return false;
    *ns = ms * NS_PER_MS + rest;
    return true;
}

/* strtod() takes more than numbers of this format: hexadecimals, infinities, blanks. */
bool number_read_double(const char *text, double *value) {
    char *end;
    if (*text == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0')
        return false;
    double read = strtod(text, &end);
    if (*end != '\0' || !isfinite(read))
        return false;
    *value = read;
    return true;
}
