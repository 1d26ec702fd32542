/* What a session or a cell finds in memory that is not as it left it: a saved session with bytes changed, and with its
 * checksum made right again; cells with bytes changed, before and after they are joined.
 *
 * SPDX-License-Identifier: MIT */
#include "base/blob.h"
#include "cells.h"
#include "fuzz.h"

#define CHECKSUM 4u /* bytes at the end of a blob */

static _Alignas(CELLS_ALIGN) unsigned char memory[CELLS_MEMORY];

/* --- a saved session --- */

static void one_step(fuzz_input *in, dg_session *session, dg_time now, dg_decision *decision) {
    uint8_t what = fuzz_byte(in), value = fuzz_byte(in);
    dg_sample sample = {.has = DG_SAMPLE_RTT, .rtt_ms = value * 10.0};
    dg_ack ack = {.accepted = value & 1, .has = value & 2 ? DG_ACK_BUFFER_LEVEL : 0};
    int status = DG_OK;
    switch (what % 8) {
    case 0:
    case 1:
        status = dg_session_feed(session, &sample, now, decision);
        break;
    case 2:
        sample = (dg_sample){.has = DG_SAMPLE_LOSS | DG_SAMPLE_JITTER | DG_SAMPLE_BANDWIDTH,
                             .loss = value / 255.0,
                             .jitter_ms = value,
                             .bandwidth_kbps = value * 10.0};
        status = dg_session_feed(session, &sample, now, decision);
        break;
    case 3:
        status = dg_session_ask(session, now, decision);
        break;
    case 4:
        status = dg_session_ack(session, &ack, now, decision);
        break;
    case 5:
        status = dg_session_force(session, value & 3, DG_MS(value * 100), now, decision);
        break;
    case 6:
        status = dg_session_unforce(session, now, decision);
        break;
    case 7:
        status = dg_session_cap(session, value & 3, now, decision);
        break;
    }
    CHECK(status == DG_OK);
}

/* What is saved at any moment can be restored, and is the same when it is saved again. */
static void save_and_restore(const dg_session *session, dg_time now) {
    unsigned char blob[DG_SESSION_BLOB_MAX], again[DG_SESSION_BLOB_MAX];
    dg_session *other;
    int size = dg_session_save(session, now, blob, sizeof blob);
    CHECK(size > 0 && dg_session_new(&other, NULL, 5) == DG_OK);
    CHECK(dg_session_restore(other, blob, (size_t)size, 0, 5) == DG_OK);
    CHECK(dg_session_level(other) == dg_session_level(session));
    CHECK(dg_session_save(other, 5, again, sizeof again) == size);
    dg_session_free(other);
}

static void live_on(fuzz_input *in, dg_session *session, dg_time now) {
    dg_decision decision;
    dg_session_stats stats;
    for (int step = 0; step < 100 && in->left > 0; step++) {
        dg_time later = fuzz_time(in, now);
        now = later >= now ? later : now;
        one_step(in, session, now, &decision);
        CHECK(decision.level < DG_LEVELS && decision.before < DG_LEVELS &&
              strcmp(dg_reason_name(decision.reason), "unknown") != 0);
        CHECK(decision.user_text != NULL && decision.level_name != NULL &&
              (decision.next == DG_NEVER || decision.next >= now));
        CHECK(dg_session_get_stats(session, now, &stats) == DG_OK && stats.level < DG_LEVELS);
        save_and_restore(session, now);
    }
}

static void put_checksum(unsigned char *blob, size_t size) {
    uint32_t sum = dgi_crc32c(blob, size - CHECKSUM);
    for (unsigned i = 0; i < CHECKSUM; i++)
        blob[size - CHECKSUM + i] = (unsigned char)(sum >> (8 * i));
}

/* A blob of bytes, or one that was saved after some steps and is changed here and there. */
static size_t some_blob(fuzz_input *in, const dg_session *session, dg_time now, unsigned char *blob) {
    uint8_t how = fuzz_byte(in);
    if (how % 4 == 0) {
        size_t size = how + fuzz_byte(in);
        fuzz_take(in, blob, size);
        return size;
    }
    int size = dg_session_save(session, now, blob, DG_SESSION_BLOB_MAX);
    CHECK(size > (int)CHECKSUM);
    for (unsigned changes = how / 4 % 8; changes > 0; changes--) {
        unsigned at = (fuzz_byte(in) | (unsigned)fuzz_byte(in) << 8) % (unsigned)size;
        blob[at] = fuzz_byte(in);
    }
    if (how % 4 != 1)
        put_checksum(blob, (size_t)size);
    return (size_t)size;
}

static void session_blob(fuzz_input *in) {
    unsigned char blob[DG_SESSION_BLOB_MAX], before[DG_SESSION_BLOB_MAX], after[DG_SESSION_BLOB_MAX];
    static const dg_duration ages[] = {0, DG_SEC(1), DG_SEC(3600), DG_NEVER};
    dg_session *session;
    dg_decision decision;
    dg_time now = fuzz_byte(in) & 1 ? UINT64_C(1) << 63 : DG_SEC(1);
    CHECK(dg_session_new(&session, NULL, now) == DG_OK);
    for (unsigned steps = fuzz_below(in, 8); steps > 0; steps--)
        one_step(in, session, now += DG_MS(700), &decision);
    size_t size = some_blob(in, session, now, blob);
    int whole = dg_session_save(session, now, before, sizeof before);
    int status = dg_session_restore(session, blob, size, ages[fuzz_below(in, COUNT(ages))], now);
    CHECK(status == DG_OK || status == DG_ERR_LAYOUT || status == DG_ERR_NEWER ||
          (status == DG_ERR_INVALID && size == 0));
    if (status != DG_OK)
        CHECK(dg_session_save(session, now, after, sizeof after) == whole &&
              memcmp(before, after, (size_t)whole) == 0);
    live_on(in, session, now);
    dg_session_free(session);
}

/* --- a cell --- */

static void use(const cells_case *how, void *cell, cells_user *user, unsigned times) {
    for (unsigned i = 0; i < times; i++) {
        cells_pass_time(user);
        how->use(cell, user);
    }
}

static void cell_memory(fuzz_input *in) {
    const cell_maker *maker = &cell_makers[fuzz_below(in, CELLS_KINDS)];
    const cells_case *how = cells_of(maker);
    CHECK(how != NULL);
    const void *config = how->configs[fuzz_byte(in) % CELLS_VARIANTS];
    size_t config_size = cells_config_size(maker), size = maker->size(config, config_size);
    cells_user user = {.random = fuzz_byte(in), .now = DG_SEC(1000), .wild = fuzz_byte(in) & 1};
    void *cell;
    memset(memory, 0, sizeof memory);
    CHECK(maker->place(memory, size, config, config_size, user.now, &cell) == DG_OK);
    use(how, cell, &user, fuzz_byte(in) % 16);
    while (in->left > 0) {
        unsigned at = (fuzz_byte(in) | (unsigned)fuzz_byte(in) << 8) % (unsigned)size;
        unsigned width = 1 + fuzz_byte(in) % 8;
        fuzz_take(in, memory + at, at + width <= size ? width : 1);
        use(how, memory, &user, 3);
        if (maker->attach(memory, size, user.now, &cell) == DG_OK)
            use(how, cell, &user, 3);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input in = {data, size};
    if (fuzz_byte(&in) & 1)
        session_blob(&in);
    else
        cell_memory(&in);
    return 0;
}
