/* Sampler: its words.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/sampler_state.h"

static const char *const draw_words[] = {
    [DG_DRAW_SPREAD] = "spread", [DG_DRAW_RANDOM] = "random", [DG_DRAW_KEYED] = "keyed"};
const dgi_names dgi_draw_names = DGI_NAMES(draw_words);

const char *dg_draw_name(uint32_t draw) {
    return dgi_name(&dgi_draw_names, draw);
}

int dg_draw_find(const char *name) {
    return dgi_name_find(&dgi_draw_names, name);
}
