"""Writes what the public headers declare as C tables, so that a test can fill, check and make any of it without naming it.

usage: reflect.py CC OUTPUT
"""
import pathlib
import re
import sys

import headers

PROLOGUE = """/* Made from the public headers by tests/support/reflect.py. */
#ifndef TESTS_REFLECT_H
#define TESTS_REFLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "degrade/degrade.h"

typedef enum member_kind {
    MEMBER_UNSIGNED,
    MEMBER_SIGNED,
    MEMBER_REAL,
    MEMBER_TEXT,     /* const char * */
    MEMBER_POINTER,  /* to anything else; `type` says to what */
    MEMBER_FUNCTION,
    MEMBER_STRUCT,   /* `type` is its name */
    MEMBER_CHARS     /* an array of char in the struct */
} member_kind;

typedef struct struct_member {
    const char *name;
    const char *type;
    size_t offset;
    size_t size;  /* of one element */
    size_t count;
    member_kind kind;
} struct_member;

typedef struct struct_shape {
    const char *name;
    size_t size;
    const struct_member *members;
    size_t count;
} struct_shape;

/* dg_x_check_sized() of any input. */
typedef struct struct_check {
    const char *function;
    const char *type;
    int (*check)(const void *in, size_t in_size, char *message, size_t size);
} struct_check;

/* dg_x_new_sized() with dg_x_free() of any object that is made from a configuration alone. */
typedef struct object_maker {
    const char *object;
    const char *type; /* of its configuration */
    int (*make)(void **out, const void *config, size_t config_size, dg_time now);
    void (*end)(void *object);
} object_maker;

/* An enumeration's values, with dg_x_name() and dg_x_find(). */
typedef struct enum_words {
    const char *function;
    const char *(*name)(int64_t value);
    int (*find)(const char *word);
    const int64_t *values;
    size_t count;
} enum_words;

/* dg_x_place_sized(), dg_x_attach(), dg_x_open_sized() and dg_x_size_sized() of any cell. */
typedef struct cell_maker {
    const char *object;
    const char *type;
    int (*place)(void *memory, size_t size, const void *config, size_t config_size, dg_time now, void **out);
    int (*attach)(void *memory, size_t size, dg_time now, void **out);
    int (*open)(dg_region *region, const char *name, const void *config, size_t config_size, dg_time now, void **out);
    size_t (*size)(const void *config, size_t config_size);
    size_t (*align)(void);
} cell_maker;
"""


def kind_of(member, structs):
    if "(*)" in member.type or member.type.endswith("_fn"):
        return "MEMBER_FUNCTION"
    if member.type == "char":
        return "MEMBER_CHARS"
    if member.type == "const char *":
        return "MEMBER_TEXT"
    if member.pointer:
        return "MEMBER_POINTER"
    if member.type in structs:
        return "MEMBER_STRUCT"
    if member.type in ("double", "float"):
        return "MEMBER_REAL"
    return "MEMBER_SIGNED" if member.type.startswith("int") else "MEMBER_UNSIGNED"


def shapes(found):
    for one in found.structs.values():
        yield f"static const struct_member members_of_{one.name}[] = {{"
        for member in one.members:
            count = member.count or "1"
            size = f"sizeof((({one.name} *)0)->{member.name}) / ({count})"
            yield (f'    {{"{member.name}", "{member.type}", offsetof({one.name}, {member.name}), {size}, {count}, '
                   f"{kind_of(member, found.structs)}}},")
        yield "};"
    yield "static const struct_shape struct_shapes[] = {"
    for one in found.structs.values():
        yield f'    {{"{one.name}", sizeof({one.name}), members_of_{one.name}, {len(one.members)}}},'
    yield "};"


def checks(found):
    rows = []
    for one in found.functions.values():
        if not one.name.endswith("_check_sized"):
            continue
        kind = re.fullmatch(r"const (\w+) \*", one.parameters[0][0])[1]
        yield (f"static int check_{one.name}(const void *in, size_t in_size, char *message, size_t size) {{\n"
               f"    return {one.name}(in, in_size, message, size);\n}}")
        rows.append(f'    {{"{one.name}", "{kind}", check_{one.name}}},')
    yield "static const struct_check struct_checks[] = {\n" + "\n".join(rows) + "\n};"


def simple_makers(found):
    """Objects whose constructor takes where to store it, a configuration, its size, and perhaps the time."""
    for one in found.functions.values():
        made = re.fullmatch(r"(dg_\w+)_new_sized", one.name)
        kinds = [kind for kind, _ in one.parameters]
        if not made or f"{made[1]}_free" not in found.functions:
            continue
        config = f"{made[1]}_config"
        timed = kinds[3:] == ["dg_time"]
        if kinds[:3] == [f"{made[1]} **", f"const {config} *", "size_t"] and (timed or not kinds[3:]):
            yield made[1], config, timed


def makers(found):
    rows = []
    for name, config, timed in simple_makers(found):
        yield (f"static int make_{name}(void **out, const void *config, size_t config_size, dg_time now) {{\n"
               f"    (void)now;\n    {name} *object = ({name} *)*out;\n"
               f"    int status = {name}_new_sized(&object, config, config_size{', now' if timed else ''});\n"
               f"    *out = object;\n    return status;\n}}\n"
               f"static void end_{name}(void *object) {{\n    {name}_free(object);\n}}")
        rows.append(f'    {{"{name}", "{config}", make_{name}, end_{name}}},')
    yield "static const object_maker object_makers[] = {\n" + "\n".join(rows) + "\n};"


def cells(found):
    rows = []
    for name in found.opaque:
        parts = [f"{name}_{part}" for part in ("place_sized", "attach", "open_sized", "size_sized", "align")]
        if not all(part in found.functions for part in parts):
            continue
        yield (f"static int place_{name}(void *memory, size_t size, const void *config, size_t config_size, dg_time now,\n"
               f"                        void **out) {{\n    {name} *object = ({name} *)*out;\n"
               f"    int status = {name}_place_sized(memory, size, config, config_size, now, &object);\n"
               f"    *out = object;\n    return status;\n}}\n"
               f"static int attach_{name}(void *memory, size_t size, dg_time now, void **out) {{\n"
               f"    {name} *object = ({name} *)*out;\n    int status = {name}_attach(memory, size, now, &object);\n"
               f"    *out = object;\n    return status;\n}}\n"
               f"static int open_{name}(dg_region *region, const char *cell, const void *config, size_t config_size,\n"
               f"                       dg_time now, void **out) {{\n    {name} *object = ({name} *)*out;\n"
               f"    int status = {name}_open_sized(region, cell, config, config_size, now, &object);\n"
               f"    *out = object;\n    return status;\n}}\n"
               f"static size_t size_{name}(const void *config, size_t config_size) {{\n"
               f"    return {name}_size_sized(config, config_size);\n}}")
        rows.append(f'    {{"{name}", "{name}_config", place_{name}, attach_{name}, open_{name}, size_{name}, {name}_align}},')
    if rows:
        yield "static const cell_maker cell_makers[] = {\n" + "\n".join(rows) + "\n};"
        yield from (f"#define HAVE_CELL_{row.split(chr(34))[1]} 1" for row in rows)


def enumerations(found):
    rows = []
    for function, _, names, _ in headers.words(found):
        if f"{function}_name" not in found.functions or f"{function}_find" not in found.functions:
            continue
        kind = found.functions[f"{function}_name"].parameters[0][0]
        yield (f"static const char *name_{function}(int64_t value) {{\n    return {function}_name(({kind})value);\n}}\n"
               f"static const int64_t values_{function}[] = {{{', '.join(names)}}};")
        rows.append(f'    {{"{function}", name_{function}, {function}_find, values_{function}, {len(names)}}},')
    yield "static const enum_words enumerations[] = {\n" + "\n".join(rows) + "\n};"


def main():
    cc, output = sys.argv[1:]
    found = headers.read(cc=cc)
    text = [PROLOGUE, *shapes(found), *checks(found), *makers(found), *cells(found), *enumerations(found), "#endif"]
    pathlib.Path(output).write_text("\n".join(text) + "\n")


main()
