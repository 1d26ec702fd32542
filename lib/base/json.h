/* JSON (RFC 8259), strict and without allocation.
 *
 * Reading: a pull reader over a text of known length. It checks the whole grammar, UTF-8, surrogate
 * pairs and depth (DGI_JSON_DEPTH); names that come twice are the caller's to notice. Nothing is copied but
 * strings and numbers that the caller asks for. Writing: on top of base/text, commas placed by the writer. */
#ifndef DGI_BASE_JSON_H
#define DGI_BASE_JSON_H

#include "base/text.h"

#define DGI_JSON_DEPTH 16

typedef enum dgi_json_kind {
    DGI_JSON_ERROR = 0, /* it stays so: every later call answers ERROR */
    DGI_JSON_NULL,
    DGI_JSON_FALSE,
    DGI_JSON_TRUE,
    DGI_JSON_NUMBER,
    DGI_JSON_STRING,
    DGI_JSON_ARRAY,
    DGI_JSON_OBJECT
} dgi_json_kind;

typedef struct dgi_json {
    const char *at;
    const char *end;
    unsigned depth;
    bool failed;
    bool first; /* no member of the innermost object or array was read yet */
    bool due;   /* a value comes next, and nothing else may */
} dgi_json;

void dgi_json_init(dgi_json *json, const char *text, size_t size);

/* The kind of the value that comes next, without reading it. */
dgi_json_kind dgi_json_peek(dgi_json *json);

/* Enters the object that comes next. Then call dgi_json_member() until it answers false, reading or
 * skipping exactly one value after each true. */
bool dgi_json_object(dgi_json *json);

/* Reads the next member's name, unescaped, into `name` (cut at `size`, but never so that a cut name equals
 * a shorter one: a name that does not fit becomes ""). False at the object's end, which it reads over, and
 * on an error. */
bool dgi_json_member(dgi_json *json, char *name, size_t size);

/* Read one value of that kind; false, and failed, if another comes; the output is zeroed then. */

/* Unescaped UTF-8 with a zero; fails if it does not fit or holds U+0000. */
bool dgi_json_string(dgi_json *json, char *to, size_t size);
/* The nearest double, ties to even. One beyond the largest fails; one too small to tell from 0 is 0. */
bool dgi_json_number(dgi_json *json, double *to);
/* A whole number, however it is written: 60000, 60000.0 and 6e4. */
bool dgi_json_u64(dgi_json *json, uint64_t *to);
bool dgi_json_bool(dgi_json *json, bool *to);
bool dgi_json_null(dgi_json *json);

/* Reads over the next value, whatever it is, checking it. */
bool dgi_json_skip(dgi_json *json);

/* True if the whole text was read, with nothing but white space left, and nothing failed. */
bool dgi_json_end(dgi_json *json);

/* --- finding one member --- */

typedef enum dgi_json_found {
    DGI_JSON_FOUND_NOTHING = 0, /* no object, or it ended without that member */
    DGI_JSON_FOUND_STRING,
    DGI_JSON_FOUND_OTHER, /* it is no string */
    DGI_JSON_FOUND_CUT,   /* the text ended before it */
    DGI_JSON_FOUND_FAR    /* more came before it than was to be looked at */
} dgi_json_found;

/* Finds, behind at most `most` strings and brackets, the first member called `name` of the object that the text is,
 * and reads the string there, unescaped; one that does not fit, or is not valid, comes out empty. Reads no further than
 * that string and checks nothing on the way but where strings and brackets begin and end: for whole texts of JSON the
 * answer is that of the reader above, for others it is only where to look. `name` is at most 31 bytes that need no
 * escape. */
dgi_json_found dgi_json_find(const char *text, size_t size, const char *name, unsigned most, char *to,
                             size_t to_size);

/* --- writing --- */

typedef struct dgi_json_writer {
    dgi_text *text;
    bool comma; /* the next member needs one before it */
} dgi_json_writer;

void dgi_json_write_init(dgi_json_writer *writer, dgi_text *text);
/* Names stand for themselves: no quote, backslash or control character is in them. One that is NULL is left out: for
 * the outermost value, and behind dgi_json_write_any_name(). */
void dgi_json_write_object(dgi_json_writer *writer, const char *name);
void dgi_json_write_end(dgi_json_writer *writer); /* of the innermost object */
/* A name of any bytes; its value follows. */
void dgi_json_write_any_name(dgi_json_writer *writer, const char *name);
/* A string that stands for itself, as names do. */
void dgi_json_write_word(dgi_json_writer *writer, const char *name, const char *word);
void dgi_json_write_string(dgi_json_writer *writer, const char *name, const char *value);
void dgi_json_write_u64(dgi_json_writer *writer, const char *name, uint64_t value);
void dgi_json_write_i64(dgi_json_writer *writer, const char *name, int64_t value);
void dgi_json_write_scaled(dgi_json_writer *writer, const char *name, uint64_t value, unsigned decimals);
void dgi_json_write_double(dgi_json_writer *writer, const char *name, double value);
void dgi_json_write_bool(dgi_json_writer *writer, const char *name, bool value);
void dgi_json_write_null(dgi_json_writer *writer, const char *name);

#endif
