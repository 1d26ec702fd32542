/* Measuring: rows of one table, each beside the unit of the same run (a relaxed load and a compare-and-swap of one word).
 *
 * A round measures the unit and then every row once; what is printed is the median over the rounds of a row's time, and
 * of its ratio to the unit beside it. So a machine that is busy, or slows down, moves both alike. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef enum bench_with {
    BENCH_ALONE,
    BENCH_THREADS,  /* two threads at once */
    BENCH_PROCESSES /* two processes at once: what they share must lie in bench_shared() memory */
} bench_with;

typedef struct bench_row {
    const char *name;
    double goal;       /* ratio to the unit that it shall not exceed; 0: none */
    void (*set)(void); /* before each round, not measured; may be NULL */
    void (*work)(uint64_t first,
                 unsigned long calls); /* `first` differs between the two that run at once */
    unsigned long calls;               /* operations in one round */
    bench_with with;
    const char *below; /* the row that it shall be faster than, by name; NULL: none */
} bench_row;

enum {
    BENCH_ROUNDS = 15,
    BENCH_ROWS_MAX = 64
};

static double bench_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Memory that a child shares: a row with BENCH_PROCESSES places its cells there. */
static inline void *bench_shared(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    return memory;
}

/* Keeps a result from being optimised away. */
static volatile uint64_t bench_sink;

static double bench_unit(void) {
    static _Alignas(64) _Atomic uint64_t word;
    const unsigned long calls = 1000000;
    double start = bench_seconds();
    for (unsigned long i = 0; i < calls; i++) {
        uint64_t seen = atomic_load_explicit(&word, memory_order_relaxed);
        while (!atomic_compare_exchange_weak_explicit(&word, &seen, seen + i, memory_order_acq_rel,
                                                      memory_order_relaxed))
            ;
    }
    return (bench_seconds() - start) * 1e9 / (double)calls;
}

/* --- one row once --- */

typedef struct bench_meeting {
    const bench_row *row;
    atomic_uint *here;
} bench_meeting;

static void bench_meet(atomic_uint *here) {
    atomic_fetch_add(here, 1);
    while (atomic_load(here) < 2)
        ;
}

static void *bench_second(void *user) {
    bench_meeting *meeting = user;
    bench_meet(meeting->here);
    meeting->row->work(1, meeting->row->calls);
    return NULL;
}

static double bench_two(const bench_row *row) {
    atomic_uint *here = bench_shared(sizeof *here);
    bench_meeting meeting = {row, here};
    pthread_t thread;
    pid_t child = row->with == BENCH_PROCESSES ? fork() : 0;
    if (row->with == BENCH_PROCESSES && child == 0) {
        bench_second(&meeting);
        _exit(0);
    }
    if (row->with == BENCH_THREADS && pthread_create(&thread, NULL, bench_second, &meeting) != 0)
        abort();
    bench_meet(here);
    double start = bench_seconds();
    row->work(0, row->calls);
    if (row->with == BENCH_THREADS)
        pthread_join(thread, NULL);
    else
        waitpid(child, NULL, 0);
    double took = bench_seconds() - start;
    munmap(here, sizeof *here);
    return took * 1e9 / (double)row->calls / 2;
}

static double bench_once(const bench_row *row) {
    if (row->set != NULL)
        row->set();
    if (row->with != BENCH_ALONE)
        return bench_two(row);
    double start = bench_seconds();
    row->work(0, row->calls);
    return (bench_seconds() - start) * 1e9 / (double)row->calls;
}

/* --- the table --- */

static int bench_compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double bench_median(double *values) {
    qsort(values, BENCH_ROUNDS, sizeof *values, bench_compare);
    return values[BENCH_ROUNDS / 2];
}

static const char *bench_verdict(const bench_row *rows, size_t count, size_t at, const double *ratios) {
    const bench_row *row = &rows[at];
    bool slow = row->goal > 0 && ratios[at] > row->goal;
    for (size_t i = 0; row->below != NULL && i < count; i++)
        slow = slow || (strcmp(rows[i].name, row->below) == 0 && ratios[i] <= ratios[at]);
    return slow ? "SLOW" : row->goal > 0 || row->below != NULL ? "ok" : "";
}

/* Measures rows and prints them; with names as arguments only rows whose name holds one of them. */
static int bench_table(const char *title, const bench_row *rows, size_t count, int argc, char **argv) {
    static double times[BENCH_ROWS_MAX][BENCH_ROUNDS], ratios[BENCH_ROWS_MAX][BENCH_ROUNDS],
        units[BENCH_ROUNDS];
    double time[BENCH_ROWS_MAX] = {0}, ratio[BENCH_ROWS_MAX] = {0};
    bool wanted[BENCH_ROWS_MAX];
    if (count > BENCH_ROWS_MAX)
        abort();
    for (size_t i = 0; i < count; i++) {
        wanted[i] = argc < 2;
        for (int k = 1; k < argc; k++)
            wanted[i] = wanted[i] || strstr(rows[i].name, argv[k]) != NULL;
    }
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        units[round] = bench_unit();
        for (size_t i = 0; i < count; i++) {
            if (!wanted[i])
                continue;
            double unit = bench_unit();
            times[i][round] = bench_once(&rows[i]);
            ratios[i][round] = times[i][round] / unit;
        }
    }
    printf("%-58s %9s %8s %8s\n", title, "ns", "ratio", "goal");
    printf("%-58s %9.2f %8.2f\n", "unit: load and compare-and-swap", bench_median(units), 1.0);
    for (size_t i = 0; i < count; i++) {
        time[i] = wanted[i] ? bench_median(times[i]) : 0;
        ratio[i] = wanted[i] ? bench_median(ratios[i]) : 0;
    }
    for (size_t i = 0; i < count; i++) {
        char goal[16] = "";
        if (rows[i].goal > 0)
            snprintf(goal, sizeof goal, "%.1f", rows[i].goal);
        if (wanted[i])
            printf("%-58s %9.2f %8.2f %8s %s\n", rows[i].name, time[i], ratio[i], goal,
                   bench_verdict(rows, count, i, ratio));
    }
    return EXIT_SUCCESS;
}

#define BENCH_TABLE(title, rows, argc, argv) \
    bench_table((title), (rows), sizeof(rows) / sizeof *(rows), (argc), (argv))

#endif
