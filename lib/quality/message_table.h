/* The grammar of the wire messages as one table, which both the reader and the writer follow. */
#ifndef DGI_QUALITY_MESSAGE_TABLE_H
#define DGI_QUALITY_MESSAGE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "degrade/message.h"

/* How a member stands on the wire. */
typedef enum dgi_member_type {
    DGI_MEMBER_NUMBER, /* double, low..high; low 0 with `above` is exclusive */
    DGI_MEMBER_U32,
    DGI_MEMBER_U64,
    DGI_MEMBER_BOOL,
    DGI_MEMBER_LEVEL,
    DGI_MEMBER_LEVEL_OR_NULL,
    DGI_MEMBER_REASON,
    DGI_MEMBER_AUDIO,
    DGI_MEMBER_TEXT
} dgi_member_type;

typedef struct dgi_member {
    const char *object; /* the member object it stands in; NULL: the message itself */
    const char *name;
    size_t offset;     /* in dg_message */
    double high;       /* numbers: the largest */
    uint32_t kinds;    /* mask of 1 << DG_MESSAGE_*: those that have it */
    uint32_t required; /* and those that must */
    uint32_t has;      /* DG_MESSAGE_HAS_*; 0: always there */
    dgi_member_type type;
    bool above; /* numbers: 0 itself is outside */
} dgi_member;

/* In the order in which they are written. */
extern const dgi_member dgi_members[];
extern const size_t dgi_member_count;

/* DG_MESSAGE_HAS_* that a kind may carry. */
uint32_t dgi_message_has_of(uint32_t kind);

#endif
