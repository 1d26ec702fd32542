/*
 * The fields of a line, taken one after another. The first fault is kept, and what comes after it is nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RECORDING_FIELDS_H
#define RECORDING_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fields {
    char *next; /* NULL: there is none */
    char *fault;
    size_t fault_size;
    bool failed;
};

/* Starts at a text whose commas become zeros; faults go to `fault`, empty as long as there is none. */
void fields_begin(struct fields *fields, char *text, char *fault, size_t size);

/* Notes a fault of a field, in printf()'s way. */
void fields_fail(struct fields *fields, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Take the next field, `name` for the fault's sake. */
const char *fields_text(struct fields *fields, const char *name);
uint64_t fields_ms(struct fields *fields, const char *name);
uint64_t fields_integer(struct fields *fields, const char *name, uint64_t most);
double fields_double(struct fields *fields, const char *name);

/* Take a field that may be empty: then the value is 0, and `bit` is not added to `has`. */
double fields_optional_double(struct fields *fields, const char *name, uint32_t *has, uint32_t bit);
uint32_t fields_optional_integer(struct fields *fields, const char *name, uint32_t *has, uint32_t bit);

/* True if all went well and nothing is left. */
bool fields_end(struct fields *fields);

#endif
