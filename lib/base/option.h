/* Configurations as data: each member is a row of a table (name, unit, range, default), from which the defaults are
 * filled in, the check is made and the words for a fault come. A member is said here once. */
#ifndef DGI_BASE_OPTION_H
#define DGI_BASE_OPTION_H

#include "base/check.h"
#include "base/names.h"
#include "base/struct.h"

typedef enum dgi_option_type {
    DGI_OPTION_U32,
    DGI_OPTION_U64,
    DGI_OPTION_DURATION, /* nanoseconds; messages say milliseconds */
    DGI_OPTION_WALL,     /* milliseconds of wall time */
    DGI_OPTION_REAL,     /* a double; low, high and standard are millionths of it */
    DGI_OPTION_WORD,     /* uint32_t: an enumeration, by its table of names */
    DGI_OPTION_FLAG,     /* uint32_t: not 0 is on */
    DGI_OPTION_MASK,     /* uint32_t: any bits of `high` */
    DGI_OPTION_OBJECT,   /* a pointer that may be NULL */
    DGI_OPTION_ALLOCATOR,
    DGI_OPTION_ZERO32, /* reserved */
    DGI_OPTION_ZERO64,
    DGI_OPTION_ZERO_POINTER
} dgi_option_type;

typedef struct dgi_option {
    const char *name;
    const char *help; /* what it is, in a line; for a member whose default depends on others, this too */
    const dgi_names *words;
    uint64_t low;
    uint64_t high;
    uint64_t standard; /* what 0 stands for; 0: 0 itself is in range, or derive() fills it in */
    uint16_t at;       /* in the configuration */
    uint8_t type;      /* dgi_option_type */
    bool off;          /* DG_OFF, DG_OFF32 or DG_OFF_F is allowed too */
} dgi_option;

/* A configuration: its rows, and what no row can say. */
typedef struct dgi_options {
    const char *name; /* of the object: "breaker" */
    const dgi_option *rows;
    size_t count;
    size_t size; /* of the struct, and in its first release */
    size_t least;
    const void
        *presets; /* configurations of the same type, whose members go before the standard; or NULL */
    size_t preset_count;
    size_t preset_at;             /* the member that chooses one */
    void (*derive)(void *config); /* fills in members that are 0 and depend on others; may be NULL */
    void (*rules)(dgi_check *check, const void *config); /* between members; may be NULL */
} dgi_options;

/* Rows. The member's name is the option's. */
#define DGI_OPTION_ROW(config, member, type_, low_, high_, standard_, off_, help_)                 \
    {                                                                                              \
        .name = #member, .help = (help_), .low = (low_), .high = (high_), .standard = (standard_), \
        .at = (uint16_t)offsetof(config, member), .type = DGI_OPTION_##type_, .off = (off_)        \
    }
#define DGI_OPTION(config, member, type, low, high, standard, help) \
    DGI_OPTION_ROW(config, member, type, low, high, standard, false, help)
#define DGI_OPTION_OR_OFF(config, member, type, low, high, standard, help) \
    DGI_OPTION_ROW(config, member, type, low, high, standard, true, help)
/* An enumeration; its value 0 is the default. */
#define DGI_OPTION_OF(config, member, names_, help_)                                                   \
    {                                                                                                  \
        .name = #member, .help = (help_), .words = (names_), .at = (uint16_t)offsetof(config, member), \
        .type = DGI_OPTION_WORD                                                                        \
    }
/* Flags, objects and reserved members. */
#define DGI_OPTION_BARE(config, member, type, help) \
    DGI_OPTION_ROW(config, member, type, 0, 0, 0, false, help)

/* Reads a configuration of `given` bytes (NULL: all defaults), fills in what is 0 and checks every member; the first
 * fault is worded in `message` (`size` bytes; may be NULL), which is empty if there is none. DG_OK with the whole
 * configuration in `to`; DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. */
int dgi_options_read(const dgi_options *options, void *to, const void *from, size_t given, char *message,
                     size_t size);

/* One row's value, as the row's type has it: integers as they are, a double in millionths, to nearest. */
uint64_t dgi_option_value(const dgi_option *option, const void *config);

#endif
