/* The words of an enumeration: one table from which a value gets its name and a name finds its value. */
#ifndef DGI_BASE_NAMES_H
#define DGI_BASE_NAMES_H

#include <stdint.h>
#include <string.h>

#include "base/struct.h"
#include "degrade/status.h"

typedef struct dgi_names {
    const char *const *words; /* by value; NULL: there is no such value */
    uint32_t count;
} dgi_names;

#define DGI_NAMES(words) \
    { (words), (uint32_t)DGI_COUNT(words) }

/* "unknown" for what there is not. */
static inline const char *dgi_name(const dgi_names *names, uint32_t value) {
    return value < names->count && names->words[value] != NULL ? names->words[value] : "unknown";
}

/* The value of a word, or DG_ERR_NOT_FOUND (for NULL too). */
static inline int dgi_name_find(const dgi_names *names, const char *word) {
    for (uint32_t i = 0; word != NULL && i < names->count; i++)
        if (names->words[i] != NULL && strcmp(names->words[i], word) == 0)
            return (int)i;
    return DG_ERR_NOT_FOUND;
}

#endif
