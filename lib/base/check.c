/* Checking configurations: the wording of the first fault.
 *
 * SPDX-License-Identifier: MIT */
#include "base/check.h"

#include "degrade/status.h"

void dgi_check_init(dgi_check *check, char *message, size_t size) {
    dgi_text_init(&check->text, message, size);
    check->status = DG_OK;
}

/* False where an earlier fault has spoken. */
static bool check_fault(dgi_check *check, int status, const char *field) {
    if (check->status != DG_OK)
        return false;
    check->status = status;
    dgi_text_add(&check->text, field);
    dgi_text_add(&check->text, ": ");
    return true;
}

void dgi_check_u64(dgi_check *check, const char *field, uint64_t value, uint64_t low, uint64_t high) {
    if ((value >= low && value <= high) || !check_fault(check, DG_ERR_INVALID, field))
        return;
    dgi_text_u64(&check->text, value);
    dgi_text_add(&check->text, " is outside ");
    dgi_text_u64(&check->text, low);
    dgi_text_add(&check->text, "..");
    dgi_text_u64(&check->text, high);
}

/* The text writer has no word for these; a message that reads "0" would mislead. */
static void check_number(dgi_text *text, double value) {
    if (value - value <= 0)
        dgi_text_exact(text, value);
    else
        dgi_text_add(text, value > 0 ? "infinity" : value < 0 ? "-infinity" : "NaN");
}

void dgi_check_double(dgi_check *check, const char *field, double value, double low, double high) {
    if ((value >= low && value <= high) || !check_fault(check, DG_ERR_INVALID, field))
        return;
    check_number(&check->text, value);
    dgi_text_add(&check->text, " is outside ");
    check_number(&check->text, low);
    dgi_text_add(&check->text, "..");
    check_number(&check->text, high);
}

void dgi_check_duration(dgi_check *check, const char *field, uint64_t value, uint64_t low,
                        uint64_t high) {
    if ((value >= low && value <= high) || !check_fault(check, DG_ERR_INVALID, field))
        return;
    dgi_text_scaled(&check->text, value, 6); /* nanoseconds to milliseconds */
    dgi_text_add(&check->text, " ms is outside ");
    dgi_text_scaled(&check->text, low, 6);
    dgi_text_add(&check->text, "..");
    dgi_text_scaled(&check->text, high, 6);
    dgi_text_add(&check->text, " ms");
}

void dgi_check_that(dgi_check *check, bool holds, const char *field, const char *sentence) {
    if (!holds && check_fault(check, DG_ERR_INVALID, field))
        dgi_text_add(&check->text, sentence);
}

void dgi_check_allocator(dgi_check *check, const dg_allocator *allocator) {
    dgi_check_that(check, !allocator || (allocator->alloc && allocator->free), "allocator",
                   "must have both alloc and free");
}

void dgi_check_status(dgi_check *check, int status) {
    if (status == DG_OK || !check_fault(check, status, "size"))
        return;
    if (status == DG_ERR_INVALID)
        dgi_text_add(&check->text, "is less than in the first release, or more than 4096 bytes");
    else if (status == DG_ERR_UNKNOWN_FIELD)
        dgi_text_add(&check->text, "a member that this version does not know is set");
    else
        dgi_text_add(&check->text, dg_strerror(status));
}
