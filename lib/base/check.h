/* Checking configurations: one place that words "field: value is outside low..high". */
#ifndef DGI_BASE_CHECK_H
#define DGI_BASE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "degrade/allocator.h"

/* Collects the first fault of a configuration. */
typedef struct dgi_check {
    dgi_text text;
    int status; /* DG_OK until the first fault */
} dgi_check;

/* `message` may be NULL. An empty message stands until a fault is found. */
void dgi_check_init(dgi_check *check, char *message, size_t size);

/* Each holds a field to a range; after a first fault they do nothing. Messages read
 * "half_open_permits: 9 is outside 1..8". */
void dgi_check_u64(dgi_check *check, const char *field, uint64_t value, uint64_t low, uint64_t high);
void dgi_check_double(dgi_check *check, const char *field, double value, double low, double high);
/* Durations are worded in milliseconds: "open_for: 86400001 ms is outside 1..86400000 ms". */
void dgi_check_duration(dgi_check *check, const char *field, uint64_t value, uint64_t low,
                        uint64_t high);
/* A fault in words: "end: must be above start". */
void dgi_check_that(dgi_check *check, bool holds, const char *field, const char *sentence);
/* The allocator has both functions, where it is given at all. */
void dgi_check_allocator(dgi_check *check, const dg_allocator *allocator);
/* The status of reading the struct (dgi_struct_read), worded. */
void dgi_check_status(dgi_check *check, int status);

#endif
