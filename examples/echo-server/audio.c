/*
 * The echo.
 *
 * SPDX-License-Identifier: MIT
 */
#include "audio.h"

#include "client.h"
#include "json.h"
#include "net/base64.h"
#include "server.h"
#include "wire.h"

/* The bytes of one chunk at the level in force; 0 if there is no audio. */
static size_t audio_chunk_size(const dg_decision *decision) {
    if (decision->encoding == DG_ENCODING_NONE)
        return 0;
    uint64_t size = (uint64_t)decision->bitrate_kbps * 125 * decision->chunk_samples / AUDIO_SAMPLE_RATE;
    return size < WIRE_MAX / 2 ? (size_t)size
                               : WIRE_MAX / 2; /* a profile of one's own may ask for any size */
}

static bool audio_send_binary(struct client *client, unsigned char *chunk, size_t size) {
    for (unsigned i = 0; i < AUDIO_HEADER; i++)
        chunk[i] = (unsigned char)(client->chunk >> (24 - 8 * i));
    return client_send_audio(client, WS_BINARY, chunk, AUDIO_HEADER + size);
}

static bool audio_send_json(struct client *client, const unsigned char *chunk, size_t size) {
    char base64[BASE64_SIZE(WIRE_MAX / 2)], text[WIRE_MAX];
    struct json json;
    size_t length = base64_write(base64, chunk + AUDIO_HEADER, size);
    json_begin(&json, text, sizeof text);
    json_open(&json, NULL, '{');
    json_text(&json, "type", "audio");
    json_integer(&json, "seq", client->chunk);
    json_bytes(&json, "data", base64, length);
    json_close(&json, '}');
    return client_send_audio(client, WS_TEXT, text, json_end(&json));
}

static void audio_send(struct client *client, size_t size) {
    unsigned char chunk[AUDIO_HEADER + WIRE_MAX / 2];
    ring_pop(&client->ring, chunk + AUDIO_HEADER, size);
    bool binary = client->decision.encoding == DG_ENCODING_BINARY;
    bool sent = binary ? audio_send_binary(client, chunk, size) : audio_send_json(client, chunk, size);
    client->chunk++;
    if (!sent)
        client->server->counts.chunks_dropped++;
}

void audio_echo(struct client *client, const void *data, size_t size) {
    size_t chunk = audio_chunk_size(&client->decision);
    if (chunk == 0 || ring_push(&client->ring, data, size) > 0)
        client->server->counts.chunks_dropped++;
    while (chunk > 0 && client->ring.used >= chunk)
        audio_send(client, chunk);
}

void audio_stop(struct client *client) {
    ring_clear(&client->ring);
    client_drop_audio(client);
}
