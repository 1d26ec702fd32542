/* Cells as a release left them in memory: attached by this library, they answer as they would have then.
 *
 * An image holds a cell after some hundred operations, and who used it (clock, permits held); its answers are what the
 * operations after that gave. One image for each byte order, one list of answers for all.
 *
 * usage: images DIRECTORY             compares
 *        images DIRECTORY --update    records
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "cells.h"

#define BEFORE 300
#define AFTER  200

static _Alignas(CELLS_ALIGN) unsigned char memory[CELLS_MEMORY];
static int good, bad;

static const char *byte_order(void) {
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 1 ? "little" : "big";
}

static FILE *open_file(const char *directory, const cell_maker *maker, unsigned variant, const char *ending, const char *mode) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-%u.%s", directory, maker->object, variant, ending);
    FILE *file = fopen(path, mode);
    if (file == NULL) {
        printf("not ok: %s cannot be opened: record it with tests/abi/record\n", path);
        bad++;
    }
    return file;
}

static void answer_all(const cells_case *use, void *cell, cells_user *user, FILE *out) {
    for (int i = 0; i < AFTER; i++) {
        cells_pass_time(user);
        fprintf(out, "%d: %lld\n", i, (long long)use->use(cell, user));
    }
}

static void record(const char *directory, const cell_maker *maker, const cells_case *use, unsigned variant) {
    size_t config_size = cells_config_size(maker), size = maker->size(use->configs[variant], config_size);
    cells_user user = {.random = 11 + variant, .now = DG_SEC(1000)};
    void *cell;
    memset(memory, 0, sizeof memory);
    FILE *image = open_file(directory, maker, variant, byte_order(), "wb");
    FILE *answers = open_file(directory, maker, variant, "answers", "w");
    if (image == NULL || answers == NULL ||
        maker->place(memory, size, use->configs[variant], config_size, user.now, &cell) != DG_OK)
        exit(EXIT_FAILURE);
    for (int i = 0; i < BEFORE; i++) {
        cells_pass_time(&user);
        use->use(cell, &user);
    }
    fwrite(&user, sizeof user, 1, image);
    fwrite(memory, size, 1, image);
    answer_all(use, cell, &user, answers);
    fclose(image);
    fclose(answers);
}

/* The first line in which two lists of answers differ; 0: none. */
static int first_difference(FILE *recorded, FILE *now) {
    char a[64], b[64];
    rewind(now);
    for (int line = 1;; line++) {
        char *got = fgets(a, sizeof a, recorded), *has = fgets(b, sizeof b, now);
        if (got == NULL && has == NULL)
            return 0;
        if (got == NULL || has == NULL || strcmp(a, b) != 0) {
            printf("    recorded %s    now      %s", got != NULL ? a : "-\n", has != NULL ? b : "-\n");
            return line;
        }
    }
}

static void compare(const char *directory, const cell_maker *maker, const cells_case *use, unsigned variant) {
    cells_user user;
    void *cell;
    FILE *image = open_file(directory, maker, variant, byte_order(), "rb");
    FILE *answers = open_file(directory, maker, variant, "answers", "r"), *now = tmpfile();
    if (image == NULL || answers == NULL || now == NULL)
        return;
    memset(memory, 0, sizeof memory);
    size_t users = fread(&user, sizeof user, 1, image), size = fread(memory, 1, sizeof memory, image);
    int status = users == 1 ? maker->attach(memory, size, user.now, &cell) : DG_ERR_LAYOUT;
    if (status == DG_OK)
        answer_all(use, cell, &user, now);
    int line = status == DG_OK ? first_difference(answers, now) : 0;
    bool same = status == DG_OK && line == 0;
    if (status != DG_OK)
        printf("not ok: %s-%u is not attached to: %s\n", maker->object, variant, dg_status_name(status));
    else
        printf("%s: %s-%u of %zu bytes answers as it did\n", same ? "ok" : "not ok", maker->object, variant, size);
    good += same;
    bad += !same;
    fclose(image);
    fclose(answers);
    fclose(now);
}

int main(int argc, char **argv) {
    bool update = argc > 2 && strcmp(argv[2], "--update") == 0;
    for (size_t i = 0; argc > 1 && i < CELLS_KINDS; i++) {
        const cells_case *use = cells_of(&cell_makers[i]);
        if (use == NULL) {
            printf("not ok: tests/support/cells.h does not know how to use a %s\n", cell_makers[i].object);
            bad++;
            continue;
        }
        for (unsigned k = 0; k < CELLS_VARIANTS; k++)
            if (use->configs[k] != NULL)
                (update ? record : compare)(argv[1], &cell_makers[i], use, k);
    }
    printf("%d passed, %d failed\n", good, bad);
    return bad > 0 || (good == 0 && !update) ? EXIT_FAILURE : EXIT_SUCCESS;
}
