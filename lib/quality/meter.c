/* The meter: its life cycle, and what is read from it.
 *
 * SPDX-License-Identifier: MIT */
#include <stdalign.h>
#include <string.h>

#include "base/allocator.h"
#include "base/fixed.h"
#include "base/option.h"
#include "quality/meter_state.h"

DGI_SIZED(dg_meter_config, 2, 8);
DGI_SIZED(dg_meter_stats, 0, 112);

typedef struct meter_block {
    dg_allocator allocator;
    dg_meter meter;
} meter_block;

/* --- life cycle --- */

static const dgi_option meter_rows[] = {
    DGI_OPTION_OR_OFF(
        dg_meter_config, loss_after, DURATION, DG_MS(10), 600 * DG_SEC(1), 0,
        "a probe without a reply by then is lost; default and off: by the round trips seen"),
    DGI_OPTION_BARE(dg_meter_config, allocator, ALLOCATOR, NULL),
    DGI_OPTION_BARE(dg_meter_config, reserved_pointer, ZERO_POINTER, NULL),
};

static void meter_derive(void *config) {
    dg_meter_config *whole = config;
    if (whole->loss_after == 0)
        whole->loss_after = DG_OFF;
}

static const dgi_options meter_options = {
    .name = "meter",
    .rows = meter_rows,
    .count = DGI_COUNT(meter_rows),
    .size = sizeof(dg_meter_config),
    .least = dg_meter_config_least,
    .derive = meter_derive,
};

int dg_meter_config_check_sized(const dg_meter_config *config, size_t config_size, char *message,
                                size_t size) {
    dg_meter_config read;
    return dgi_options_read(&meter_options, &read, config, config_size, message, size);
}

size_t dg_meter_size(void) {
    return sizeof(dg_meter);
}

size_t dg_meter_align(void) {
    return alignof(dg_meter);
}

static void meter_init(dg_meter *meter, const dg_meter_config *config, dg_time now) {
    memset(meter, 0, sizeof *meter);
    meter->loss_after = config->loss_after != DG_OFF ? config->loss_after : 0;
    meter->last = now;
    meter->earliest = DG_NEVER;
    meter->restart = true;
}

int dg_meter_place_sized(void *memory, size_t size, const dg_meter_config *config, size_t config_size,
                         dg_time now, dg_meter **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_meter_config read;
    int status = dgi_options_read(&meter_options, &read, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    if (memory == NULL || size < sizeof(dg_meter) || (uintptr_t)memory % alignof(dg_meter) != 0)
        return DG_ERR_INVALID;
    *out = memory;
    meter_init(*out, &read, now);
    return DG_OK;
}

int dg_meter_new_sized(dg_meter **out, const dg_meter_config *config, size_t config_size, dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_meter_config read;
    int status = dgi_options_read(&meter_options, &read, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    meter_block *block = dgi_alloc(read.allocator, 1, sizeof *block);
    if (block == NULL)
        return DG_ERR_NOMEM;
    block->allocator = dgi_allocator_of(read.allocator);
    meter_init(&block->meter, &read, now);
    block->meter.on_heap = true;
    *out = &block->meter;
    return DG_OK;
}

void dg_meter_free(dg_meter *meter) {
    if (meter == NULL || !meter->on_heap)
        return;
    meter_block *block = (meter_block *)(void *)((char *)meter - offsetof(meter_block, meter));
    dg_allocator allocator = block->allocator;
    dgi_free(&allocator, block, 1, sizeof *block);
}

/* --- reading --- */

static dg_sample meter_sample(const dgi_meter_news *news) {
    dg_sample sample = {.has = news->has};
    if (news->has & DG_SAMPLE_RTT)
        sample.rtt_ms = dgi_ratio(news->rtt_us, 1000);
    if (news->has & DG_SAMPLE_JITTER)
        sample.jitter_ms = dgi_ratio(news->jitter_us, 1000);
    if (news->has & DG_SAMPLE_BANDWIDTH)
        sample.bandwidth_kbps = (double)news->kbps;
    const dgi_meter_losses *losses = news->by_segments ? &news->segments : &news->probes;
    if (losses->settled != 0 || news->unanswered)
        sample.has |= DG_SAMPLE_LOSS | DG_SAMPLE_LOSS_PACKETS;
    if (losses->settled != 0) {
        sample.loss = dgi_ratio(losses->lost, losses->settled);
        sample.loss_packets = (uint32_t)dgi_min(losses->settled, UINT32_MAX);
    }
    return sample;
}

int dg_meter_read_sized(dg_meter *meter, dg_time now, dg_sample *out, size_t out_size) {
    if (!DGI_OUT(dg_sample, out, out_size) || meter == NULL)
        return DG_ERR_INVALID;
    dgi_meter_advance(meter, now);
    dg_sample sample = meter_sample(&meter->news);
    DGI_WRITE(dg_sample, out, out_size, &sample);
    for (unsigned i = 0; i < DG_METER_PROBES; i++)
        meter->probes[i].reported |= meter->probes[i].state == DGI_METER_LOST;
    meter->news = (dgi_meter_news){0};
    return DG_OK;
}

/* What `now` would count as lost is counted in a copy: looking changes nothing. */
int dg_meter_get_stats_sized(const dg_meter *meter, dg_time now, dg_meter_stats *out, size_t out_size) {
    if (!DGI_OUT(dg_meter_stats, out, out_size) || meter == NULL)
        return DG_ERR_INVALID;
    dg_meter then = *meter;
    dgi_meter_advance(&then, now);
    then.stats.backwards = meter->stats.backwards;
    DGI_WRITE(dg_meter_stats, out, out_size, &then.stats);
    return DG_OK;
}
