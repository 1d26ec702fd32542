/* A versioned, endian-neutral blob: how a module saves its state for another process or machine.
 *
 * Little-endian, fixed-width integers behind a header (magic, kind, version, size) and before a CRC-32C
 * of everything. A reader that meets the end, a wrong kind, a newer version or a wrong checksum fails
 * once and for all, and every later read answers 0. */
#ifndef DGI_BASE_BLOB_H
#define DGI_BASE_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dgi_blob_writer {
    unsigned char *buffer;
    size_t size;
    size_t used;
    bool failed; /* something did not fit */
} dgi_blob_writer;

typedef struct dgi_blob_reader {
    const unsigned char *at;
    const unsigned char *end;
    bool failed;
} dgi_blob_reader;

void dgi_blob_begin(dgi_blob_writer *writer, void *buffer, size_t size, uint16_t kind, uint16_t version);
void dgi_blob_put(dgi_blob_writer *writer, uint64_t value, unsigned bytes); /* 1, 2, 4 or 8 */
/* Completes header and checksum. Returns the blob's size, or 0 where it did not fit. */
size_t dgi_blob_finish(dgi_blob_writer *writer);

/* Checks header and checksum; *version gets the writer's version. False on any fault. */
bool dgi_blob_open(dgi_blob_reader *reader, const void *data, size_t size, uint16_t kind,
                   uint16_t newest_version, uint16_t *version);
uint64_t dgi_blob_get(dgi_blob_reader *reader, unsigned bytes);
/* True where nothing failed and nothing is left. */
bool dgi_blob_close(dgi_blob_reader *reader);

/* CRC-32C (Castagnoli), RFC 3720 appendix B.4. */
uint32_t dgi_crc32c(const void *data, size_t size);

#endif
