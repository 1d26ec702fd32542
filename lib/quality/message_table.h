/* The grammar of the wire messages as one table, which the reader, the check and the writer follow. */
#ifndef DGI_QUALITY_MESSAGE_TABLE_H
#define DGI_QUALITY_MESSAGE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/struct.h"
#include "degrade/message.h"

DGI_SIZED(dg_message, 0, 6 * 8 + 8 + 10 * 4 + DG_MESSAGE_TEXT_MAX);

/* How a member stands on the wire. */
typedef enum dgi_member_type {
    DGI_MEMBER_NUMBER,
    DGI_MEMBER_U32,
    DGI_MEMBER_U64,
    DGI_MEMBER_BOOL,
    DGI_MEMBER_WORD,
    DGI_MEMBER_TEXT
} dgi_member_type;

/* Where a member stands. */
typedef enum dgi_member_object {
    DGI_OBJECT_MESSAGE, /* the outermost object */
    DGI_OBJECT_METRICS,
    DGI_OBJECT_RECOMMENDATIONS,
    DGI_OBJECT_CLIENT_METRICS,
    DGI_OBJECTS
} dgi_member_object;

typedef struct dgi_member {
    const char *name;  /* on the wire */
    const char *field; /* in dg_message */
    int (*find)(const char *word);
    const char *(*word)(uint32_t value);
    double high;       /* the largest value; the smallest is 0 */
    uint32_t kinds;    /* mask of 1 << DG_MESSAGE_*: those that have it */
    uint32_t required; /* and those that must */
    uint32_t has;      /* DG_MESSAGE_HAS_*; 0: always there */
    uint16_t offset;   /* in dg_message */
    uint8_t object;    /* dgi_member_object */
    uint8_t type;      /* dgi_member_type */
    bool open;         /* words: one that is not known is DG_MESSAGE_UNKNOWN */
    bool null;         /* if it is required, null is enough, and is written if it is not there */
} dgi_member;

/* In the order in which they are written; those of one object stand together. */
extern const dgi_member dgi_members[];
extern const size_t dgi_member_count;

/* By dgi_member_object; the first has no name. */
extern const char *const dgi_object_names[DGI_OBJECTS];

static inline bool dgi_member_is_of(const dgi_member *member, uint32_t kind) {
    return (member->kinds >> kind & 1) != 0;
}

static inline bool dgi_member_is_required(const dgi_member *member, uint32_t kind) {
    return (member->required >> kind & 1) != 0;
}

/* Whether a message of a known kind has it. */
static inline bool dgi_member_is_there(const dgi_member *member, const dg_message *message) {
    return dgi_member_is_of(member, message->kind) &&
           (member->has == 0 || (message->has & member->has) != 0);
}

#endif
