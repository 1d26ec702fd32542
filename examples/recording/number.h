/*
 * Numbers as text that reads back as the very same number.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RECORDING_NUMBER_H
#define RECORDING_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any of them, with its zero. */
#define NUMBER_MAX 32

/* Nanoseconds as milliseconds, with as many of the six decimals as there are: 1500000 is 1.5. */
void number_ms(char text[NUMBER_MAX], uint64_t ns);

/* The shortest of the decimals that is this double and no other. */
void number_double(char text[NUMBER_MAX], double value);

/* Read a whole text. False: it is no such number, or does not fit; the value is not touched then. */
bool number_read_ms(const char *text, uint64_t *ns);
bool number_read_double(const char *text, double *value);
bool number_read_integer(const char *text, uint64_t most, uint64_t *value);

#endif
