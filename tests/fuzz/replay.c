/* The main of a fuzz target where libFuzzer is not: runs files and directories of files that were found once, then inputs
 * made from them by a seed, so that the plain build executes each target too.
 *
 * usage: fuzz_x [-random=N] FILE|DIRECTORY... */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

#define SIZE_MOST  65536u
#define SEEDS_MOST 4096u

static struct {
    uint8_t *bytes;
    size_t size;
} seeds[SEEDS_MOST];
static unsigned seed_count;

/* The input lies at the end of its own block, so that a sanitizer sees a read behind it. */
static void run(const uint8_t *bytes, size_t size) {
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL)
        abort();
    if (size > 0)
        memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_file(const char *path) {
    static uint8_t bytes[SIZE_MOST];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    run(bytes, size);
    if (seed_count < SEEDS_MOST && (seeds[seed_count].bytes = malloc(size + 1)) != NULL) {
        memcpy(seeds[seed_count].bytes, bytes, size);
        seeds[seed_count++].size = size;
    }
}

static void run_path(const char *path) {
    struct stat what;
    if (stat(path, &what) != 0)
        return; /* a target without findings has no directory */
    if (!S_ISDIR(what.st_mode)) {
        run_file(path);
        return;
    }
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char name[4096];
        if (entries[i]->d_name[0] != '.' &&
            snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name) < (int)sizeof name)
            run_file(name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static uint64_t random_next(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* A seed with some bytes changed and its end cut, or bytes by chance. */
static void run_random(uint64_t *state) {
    static uint8_t bytes[SIZE_MOST];
    size_t size = random_next(state) % 600;
    if (seed_count > 0 && random_next(state) % 4 != 0) {
        unsigned one = (unsigned)(random_next(state) % seed_count);
        size = seeds[one].size;
        memcpy(bytes, seeds[one].bytes, size);
        for (uint64_t changes = random_next(state) % 8; size > 0 && changes > 0; changes--)
            bytes[random_next(state) % size] = (uint8_t)random_next(state);
        if (size > 0 && random_next(state) % 4 == 0)
            size = random_next(state) % size;
    } else {
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)random_next(state);
    }
    run(bytes, size);
}

int main(int argc, char **argv) {
    unsigned long random = 0;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "-random=", 8) == 0)
            random = strtoul(argv[i] + 8, NULL, 10);
        else
            run_path(argv[i]);
    }
    uint64_t state = 20260101;
    for (unsigned long i = 0; i < random; i++)
        run_random(&state);
    printf("%u files, %lu inputs made from them\n", seed_count, random);
    for (unsigned i = 0; i < seed_count; i++)
        free(seeds[i].bytes);
    return EXIT_SUCCESS;
}
