/* One allocator that counts, fails on demand, and fills what it gives and takes back with rubbish: for nets, unit tests
 * and fuzz targets. */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "degrade/allocator.h"

typedef enum fault_mode {
    FAULTS_NONE,
    FAULTS_NTH,      /* the n-th request alone fails, from 0 */
    FAULTS_FROM_NTH, /* the n-th and all after it */
    FAULTS_CHANCE    /* one in n, by `chance` */
} fault_mode;

typedef struct faults {
    fault_mode mode;
    unsigned n;
    uint64_t chance; /* seed */
    size_t most;     /* a request of more bytes than this fails; 0: none does */
    unsigned requests;
    unsigned injected;    /* requests that failed */
    size_t blocks, bytes; /* given and not yet taken back */
    bool forbidden;       /* no request at all may come: what allocates now is caught */
} faults;

static inline bool faults_now(faults *f, size_t size) {
    unsigned request = f->requests++;
    if (f->most != 0 && size > f->most)
        return true;
    switch (f->mode) {
    case FAULTS_NTH:
        return request == f->n;
    case FAULTS_FROM_NTH:
        return request >= f->n;
    case FAULTS_CHANCE:
        f->chance = f->chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return f->n != 0 && (f->chance >> 33) % f->n == 0;
    case FAULTS_NONE:
        break;
    }
    return false;
}

static inline void *faults_alloc(void *user, size_t size) {
    faults *f = user;
    if (size == 0 || f->forbidden)
        abort();
    if (faults_now(f, size)) {
        f->injected++;
        return NULL;
    }
    void *block = malloc(size);
    if (block == NULL)
        abort();
    memset(block, 0xdb, size);
    f->blocks++;
    f->bytes += size;
    return block;
}

static inline void faults_free(void *user, void *block, size_t size) {
    faults *f = user;
    if (block == NULL || f->blocks == 0 || f->bytes < size)
        abort();
    f->blocks--;
    f->bytes -= size;
    memset(block, 0xee, size);
    free(block);
}

static inline dg_allocator faults_allocator(faults *f) {
    return (dg_allocator){.alloc = faults_alloc, .free = faults_free, .user = f};
}

#endif
