/* What share one count was of another, of late.
 *
 * SPDX-License-Identifier: MIT */
#include "service/window.h"

#include "base/fixed.h"

static dgi_window_look *window_look(dgi_window *window, uint32_t n) {
    return &window->looks[n % DGI_WINDOW_LOOKS];
}

/* What the share counts from. */
static dgi_window_look window_base(dgi_window *window, dg_time now) {
    uint32_t oldest = window->count > DGI_WINDOW_LOOKS ? window->count - DGI_WINDOW_LOOKS : 0;
    for (uint32_t n = oldest; n < window->count; n++)
        if (dgi_sub_sat(now, window_look(window, n)->at) <= DGI_WINDOW_LENGTH)
            return *window_look(window, n);
    return window->count > 0 ? *window_look(window, window->count - 1) : (dgi_window_look){0};
}

static void window_keep(dgi_window *window, uint64_t part, uint64_t whole, dg_time now) {
    bool due = window->count == 0 ||
               dgi_sub_sat(now, window_look(window, window->count - 1)->at) >= DGI_WINDOW_STEP;
    if (due)
        *window_look(window, window->count++) = (dgi_window_look){now, part, whole};
}

uint64_t dgi_window_share(dgi_window *window, uint64_t part, uint64_t whole, dg_time now) {
    dgi_window_look base = window_base(window, now);
    window_keep(window, part, whole, now);
    uint64_t all = dgi_sub_sat(whole, base.whole);
    uint64_t some = dgi_min(dgi_sub_sat(part, base.part), all);
    return all == 0 ? 0 : dgi_muldiv(some, 1000000, all);
}
