/* A versioned, endian-neutral blob.
 *
 * SPDX-License-Identifier: MIT */
#include "base/blob.h"

#include <string.h>

/* magic 4, kind 2, version 2, size of the whole blob 4; then the content; then the checksum 4. */
#define BLOB_MAGIC  UINT32_C(0x42474491) /* "\x91DGB": the first byte is no text */
#define BLOB_HEADER 12u
#define BLOB_CRC    4u
#define BLOB_SIZE   8u /* where the size stands */

/* --- little-endian integers --- */

static bool blob_width(unsigned bytes) {
    return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

static void blob_store(unsigned char *to, uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> (8 * i) & 0xff);
}

static uint64_t blob_load(const unsigned char *from, unsigned bytes) {
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

/* --- checksum --- */

/* A table of 16 and two steps a byte: blobs are small and rare, 1 KiB of table would not pay. */
uint32_t dgi_crc32c(const void *data, size_t size) {
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
        0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    const unsigned char *bytes = data;
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

/* --- writing --- */

void dgi_blob_begin(dgi_blob_writer *writer, void *buffer, size_t size, uint16_t kind,
                    uint16_t version) {
    *writer = (dgi_blob_writer){.buffer = buffer, .size = size, .failed = !buffer};
    dgi_blob_put(writer, BLOB_MAGIC, 4);
    dgi_blob_put(writer, kind, 2);
    dgi_blob_put(writer, version, 2);
    dgi_blob_put(writer, 0, 4); /* the size, when it is known */
}

void dgi_blob_put(dgi_blob_writer *writer, uint64_t value, unsigned bytes) {
    bool fits = blob_width(bytes) && (bytes == 8 || value >> (8 * bytes) == 0);
    if (writer->failed || !fits || writer->size - writer->used < bytes) {
        writer->failed = true;
        return;
    }
    blob_store(writer->buffer + writer->used, value, bytes);
    writer->used += bytes;
}

size_t dgi_blob_finish(dgi_blob_writer *writer) {
    if (!writer->failed && writer->used <= UINT32_MAX - BLOB_CRC) {
        blob_store(writer->buffer + BLOB_SIZE, writer->used + BLOB_CRC, 4);
        dgi_blob_put(writer, dgi_crc32c(writer->buffer, writer->used), BLOB_CRC);
    } else {
        writer->failed = true;
    }
    return writer->failed ? 0 : writer->used;
}

/* --- reading --- */

static bool blob_is_whole(const unsigned char *blob, size_t size) {
    return blob && size >= BLOB_HEADER + BLOB_CRC && blob_load(blob, 4) == BLOB_MAGIC &&
           blob_load(blob + BLOB_SIZE, 4) == size &&
           blob_load(blob + size - BLOB_CRC, BLOB_CRC) == dgi_crc32c(blob, size - BLOB_CRC);
}

bool dgi_blob_open(dgi_blob_reader *reader, const void *data, size_t size, uint16_t kind,
                   uint16_t newest_version, uint16_t *version) {
    *reader = (dgi_blob_reader){.failed = true};
    *version = 0;
    if (!blob_is_whole(data, size))
        return false;
    dgi_blob_reader opened = {.at = (const unsigned char *)data + 4};
    opened.end = opened.at - 4 + size - BLOB_CRC;
    uint64_t its_kind = dgi_blob_get(&opened, 2);
    uint64_t its_version = dgi_blob_get(&opened, 2);
    dgi_blob_get(&opened, 4);
    if (its_kind != kind || its_version > newest_version)
        return false;
    *reader = opened;
    *version = (uint16_t)its_version;
    return true;
}

uint64_t dgi_blob_get(dgi_blob_reader *reader, unsigned bytes) {
    if (reader->failed || !blob_width(bytes) || (size_t)(reader->end - reader->at) < bytes) {
        reader->failed = true;
        return 0;
    }
    uint64_t value = blob_load(reader->at, bytes);
    reader->at += bytes;
    return value;
}

bool dgi_blob_close(dgi_blob_reader *reader) {
    return !reader->failed && reader->at == reader->end;
}
