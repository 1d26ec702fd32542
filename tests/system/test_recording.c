/* Recordings: what is written is read back as it was, and of what is cut, broken or damaged everything that was whole.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording/file.h"
#include "recording/number.h"
#include "recording/pack.h"
#include "recording/reader.h"
#include "recording/words.h"
#include "recording/writer.h"
#include "support.h"

#define LINES 400

static const struct recording_head head = {.id = 7, .profile = "voice", .started = 1767225600123};

/* --- a folder for the files of a case --- */

static char folder[] = "/tmp/recording-XXXXXX";

static const char *path_of(const char *name) {
    static char path[256];
    if (strstr(folder, "XXXXXX") != NULL)
        ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
    return path;
}

static void folder_remove(void) {
    char command[300];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (strstr(folder, "XXXXXX") == NULL)
        ck_assert_int_eq(system(command), 0);
}

/* --- random lines --- */

static unsigned long long state;

static uint32_t below(uint32_t n) {
    return (uint32_t)(property_next(&state) % n);
}

/* A double with all of its bits, or a short one, or none at all. */
static double some(double most, bool has) {
    static const double corners[] = {0, 1, 0.1, 1.0 / 3, 1e-9, 0.30000000000000004};
    double share = (double)(property_next(&state) >> 11) / 9007199254740992.0;
    if (!has)
        return 0;
    if (below(4) == 0)
        return fmin(corners[below(6)], most);
    return below(4) == 0 ? most : most * share;
}

static dg_sample some_sample(void) {
    uint32_t has = below(64);
    return (dg_sample){.has = has,
                       .rtt_ms = some(3600000, has & DG_SAMPLE_RTT),
                       .loss = some(1, has & DG_SAMPLE_LOSS),
                       .jitter_ms = some(3600000, has & DG_SAMPLE_JITTER),
                       .bandwidth_kbps = some(4294967295, has & DG_SAMPLE_BANDWIDTH),
                       .loss_packets = has & DG_SAMPLE_LOSS_PACKETS ? below(5000) : 0};
}

static dg_ack some_ack(void) {
    uint32_t has = below(8);
    return (dg_ack){.has = has,
                    .accepted = below(2),
                    .sequence = has & DG_ACK_SEQUENCE ? (uint32_t)property_next(&state) : 0,
                    .buffer_level = some(1e9, has & DG_ACK_BUFFER_LEVEL),
                    .playback_rate = some(100, has & DG_ACK_PLAYBACK_RATE)};
}

static dg_decision some_decision(void) {
    uint32_t has = below(16), before = below(DG_LEVELS), level = below(DG_LEVELS);
    return (dg_decision){.has = has,
                         .before = before,
                         .level = level,
                         .changed = before != level,
                         .direction = (before > level) - (before < level),
                         .reason = below(DG_REASON_LOAD_EASED + 1),
                         .value = some(1e6, true),
                         .threshold = some(1e6, true),
                         .send = below(32),
                         .sequence = (uint32_t)property_next(&state),
                         .chunk_samples = below(65536),
                         .rtt_ms = some(3600000, has & DG_SAMPLE_RTT),
                         .loss = some(1, has & DG_SAMPLE_LOSS),
                         .jitter_ms = some(3600000, has & DG_SAMPLE_JITTER),
                         .bandwidth_kbps = some(4294967295, has & DG_SAMPLE_BANDWIDTH)};
}

static struct recording_line some_line(dg_time time) {
    struct recording_line line = {.time = time, .kind = (enum recording_kind)below(RECORDING_END)};
    if (line.kind == RECORDING_SAMPLE) {
        line.sample = some_sample();
    } else if (line.kind == RECORDING_ACK) {
        line.ack = some_ack();
    } else if (line.kind == RECORDING_DECISION) {
        line.decision = some_decision();
    } else if (line.kind == RECORDING_FORCE) {
        line.force.level = below(DG_LEVELS);
        line.force.duration = below(2) ? DG_NEVER : property_next(&state) >> 20;
    } else if (line.kind == RECORDING_CAP) {
        line.cap = below(DG_LEVELS);
    } else if (line.kind == RECORDING_EXCUSE) {
        line.stood = DG_MS(below(100000));
    }
    return line;
}

static struct recording_line lines[LINES];

static void lines_make(size_t count) {
    dg_time time = 0;
    for (size_t i = 0; i < count; i++) {
        time += below(5) ? property_next(&state) % DG_SEC(1) : 0;
        lines[i] = some_line(time);
    }
    lines[count - 1] = (struct recording_line){.time = time, .kind = RECORDING_END};
}

/* --- comparing --- */

static void same(const struct recording_line *a, const struct recording_line *b) {
    ck_assert_uint_eq(a->time, b->time);
    ck_assert_int_eq((int)a->kind, (int)b->kind);
    if (a->kind == RECORDING_SAMPLE)
        ck_assert_mem_eq(&a->sample, &b->sample, sizeof a->sample);
    else if (a->kind == RECORDING_ACK)
        ck_assert_mem_eq(&a->ack, &b->ack, sizeof a->ack);
    else if (a->kind == RECORDING_DECISION)
        ck_assert_mem_eq(&a->decision, &b->decision, sizeof a->decision);
    else if (a->kind == RECORDING_FORCE)
        ck_assert(a->force.level == b->force.level && a->force.duration == b->force.duration);
    else if (a->kind == RECORDING_CAP)
        ck_assert_uint_eq(a->cap, b->cap);
    else if (a->kind == RECORDING_EXCUSE)
        ck_assert_uint_eq(a->stood, b->stood);
}

static void same_as_written(const struct recording *read, size_t count) {
    ck_assert_uint_eq(read->count, count);
    for (size_t i = 0; i < count; i++)
        same(&lines[i], &read->lines[i]);
}

static void write_all(const char *path, size_t count, uint64_t limit) {
    struct recording_writer writer;
    ck_assert_int_eq(recording_begin(&writer, path, &head, limit), 0);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(recording_put(&writer, &lines[i]), 0);
    ck_assert_int_eq(recording_flush(&writer), 0);
}

/* --- numbers --- */

START_TEST(a_time_is_milliseconds_with_the_decimals_that_it_has) {
    static const struct {
        uint64_t ns;
        const char *text;
    } rows[] = {{0, "0"},         {1, "0.000001"},           {1000000, "1"},
                {1500000, "1.5"}, {123456789, "123.456789"}, {DG_SEC(100), "100000"},
                {10, "0.00001"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[NUMBER_MAX];
        uint64_t back;
        number_ms(text, rows[i].ns);
        ck_assert_str_eq(text, rows[i].text);
        ck_assert(number_read_ms(text, &back));
        ck_assert_uint_eq(back, rows[i].ns);
    }
}
END_TEST

START_TEST(what_is_no_number_is_refused) {
    static const char *const times[] = {"",
                                        "-1",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        ".5",
                                        "1.",
                                        "1.1234567",
                                        "1e3",
                                        "0x1",
                                        "1.5.5",
                                        "18446744073709551616",
                                        "99999999999999999999999999999999999999"};
    static const char *const doubles[] = {"",   "nan", "inf", "0x1p3", "1e999", " 1",
                                          "1 ", "1,5", "e",   "--1",   "1e"};
    uint64_t ns = 77;
    double value = 77;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        ck_assert_msg(!number_read_ms(times[i], &ns), "'%s'", times[i]);
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++)
        ck_assert_msg(!number_read_double(doubles[i], &value), "'%s'", doubles[i]);
    ck_assert(ns == 77 && value == 77);
    ck_assert(!number_read_integer("4294967296", UINT32_MAX, &ns) && !number_read_integer("7", 6, &ns));
    ck_assert(number_read_integer("4294967295", UINT32_MAX, &ns) && ns == UINT32_MAX);
}
END_TEST

/* --- lines --- */

START_TEST(random_lines_read_back_as_they_were) {
    state = property_seed();
    for (int i = 0; i < 20000; i++) {
        struct recording_line line = some_line(property_next(&state) >> below(64)), back;
        char text[RECORDING_LINE_MAX], again[RECORDING_LINE_MAX], fault[128];
        if (line.time / 1000000 >= UINT64_MAX / 1000000 - 1)
            continue;
        size_t size = recording_line_write(&line, text);
        ck_assert(size == strlen(text) && size < RECORDING_LINE_MAX && text[size - 1] == '\n');
        strcpy(again, text);
        again[size - 1] = '\0';
        ck_assert_msg(recording_line_read(&back, again, fault, sizeof fault), "%s: %s", text, fault);
        same(&line, &back);
        recording_line_write(&back, again);
        ck_assert_str_eq(text, again);
    }
}
END_TEST

START_TEST(a_line_is_as_the_manual_shows_it) {
    static const char *const shown[] = {
        "512.003821,sample,43.25,0.02,3.5,1800,50,app_limited",
        "1000,sample,,1,,,20,",
        "1012.5,ack,accepted,3,4,1",
        "1012.5,ack,refused,,,",
        "2000,force,low,60000",
        "2000,force,fallback,",
        "2500,release",
        "3000,cap,reduced",
        "9000,excuse,4000",
        "9500,ask",
        "9500,decision,full,reduced,high_rtt,412.5,300,degraded,1,2048,412.5,0.02,35,",
        "9500,decision,low,fallback,stale_metrics,9000,9000,degraded+fallback_on+again,3,0,,,,",
        "10000,end,closed"};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        char text[RECORDING_LINE_MAX], fault[128];
        struct recording_line line;
        strcpy(text, shown[i]);
        ck_assert_msg(recording_line_read(&line, text, fault, sizeof fault), "%s: %s", shown[i], fault);
        size_t size = recording_line_write(&line, text);
        text[size - 1] = '\0';
        ck_assert_str_eq(text, shown[i]);
    }
}
END_TEST

START_TEST(a_broken_line_is_named_with_its_fault) {
    static const struct {
        const char *text, *fault;
    } rows[] = {{"", "t_ms: '' is no time"},
                {"x,ask", "t_ms: 'x' is no time"},
                {"1", "kind: is missing"},
                {"1,dance", "kind: 'dance' is no kind of line"},
                {"1,ask,", "line: '' is more than such a line has"},
                {"1,sample,,,,,", "app_limited: is missing"},
                {"1,sample,,,,,,,", "line: '' is more than such a line has"},
                {"1,sample,fast,,,,,", "rtt_ms: 'fast' is no number"},
                {"1,sample,,1.5,,,,", "sample: loss: 1.5 is outside 0..1"},
                {"1,sample,,,,,-1,", "loss_packets: '-1' is no whole number"},
                {"1,sample,,,,,,yes", "app_limited: 'yes' is neither"},
                {"1,ack,maybe,,,", "answer: 'maybe' is neither"},
                {"1,ack,accepted,,-1,", "ack: buffer_level"},
                {"1,force,worst,", "level: 'worst' is no level"},
                {"1,force,low", "duration_ms: is missing"},
                {"1,force,low,soon", "duration_ms: 'soon' is no time"},
                {"1,cap,", "level: '' is no level"},
                {"1,excuse,-5", "stood_ms: '-5' is no time"},
                {"1,decision,full,low,boredom,1,1,,1,1,,,,", "reason: 'boredom' is no reason"},
                {"1,decision,full,low,high_rtt,1,1,degraded+,1,1,,,,", "send: 'degraded+' is not"},
                {"1,decision,full,low,high_rtt,1,1,again+again,1,1,,,,", "send: 'again+again' is not"},
                {"1,decision,full,low,high_rtt,,1,,1,1,,,,", "value: '' is no number"},
                {"1,end,tired", "reason: 'tired' is no reason of an end"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        struct recording read;
        snprintf(text, sizeof text, "degrade-recording,1\nsession,7,voice,0\n0,ask\n%s\n5,ask\n",
                 rows[i].text);
        ck_assert_int_eq((int)recording_read_text(&read, "x", text, strlen(text)),
                         (int)RECORDING_BROKEN);
        ck_assert_msg(strncmp(read.fault, "line 4: ", 8) == 0 &&
                          strstr(read.fault, rows[i].fault) == read.fault + 8,
                      "'%s' said \"%s\"", rows[i].text, read.fault);
        ck_assert_uint_eq(read.count, 1);
        recording_free(&read);
    }
}
END_TEST

static void expect(const char *text, size_t size, enum recording_outcome outcome, const char *fault,
                   size_t count) {
    struct recording read;
    ck_assert_int_eq((int)recording_read_text(&read, "x", text, size), (int)outcome);
    ck_assert_msg(strstr(read.fault, fault) != NULL, "\"%s\" is not in \"%s\"", fault, read.fault);
    ck_assert_uint_eq(read.count, count);
    recording_free(&read);
}

#define TEXT(text) text, sizeof(text) - 1
#define HEAD       "degrade-recording,1\nsession,7,voice,0\n"

START_TEST(what_is_no_recording_is_refused_by_its_line) {
    char longest[700];
    expect(TEXT(""), RECORDING_CUT, "line 1", 0);
    expect(TEXT("hello\n"), RECORDING_BROKEN, "line 1: this is the head of neither", 0);
    expect(TEXT("degrade-recording,2\n"), RECORDING_BROKEN, "line 1: version: 2 is not 1", 0);
    expect(TEXT("degrade-recording,\n"), RECORDING_BROKEN, "line 1: version", 0);
    expect(TEXT("degrade-recording,1\n"), RECORDING_CUT, "line 2", 0);
    expect(TEXT("degrade-recording,1\nsession,7,,0\n"), RECORDING_BROKEN, "line 2: profile", 0);
    expect(TEXT("degrade-recording,1\nsession,-7,voice,0\n"), RECORDING_BROKEN, "line 2: id", 0);
    expect(TEXT("degrade-recording,1\n0,ask\n"), RECORDING_BROKEN, "line 2: session", 0);
    expect(TEXT(HEAD), RECORDING_WHOLE, "", 0);
    expect(TEXT(HEAD "5,ask\n4,ask\n"), RECORDING_BROKEN, "line 4: t_ms: it goes back", 1);
    expect(TEXT(HEAD "5,end,closed\n5,ask\n"), RECORDING_BROKEN,
           "line 4: there is a line behind the end", 1);
    expect(TEXT(HEAD "5,a\0k\n"), RECORDING_BROKEN, "line 3: it has a zero byte", 0);
    snprintf(longest, sizeof longest, HEAD "%0600d,ask\n", 1);
    expect(longest, strlen(longest), RECORDING_BROKEN, "line 3: it is longer", 0);
}
END_TEST

/* --- files --- */

START_TEST(a_plain_file_is_read_back_whole) {
    struct recording read;
    state = property_seed();
    lines_make(LINES);
    const char *path = path_of("plain.rec");
    write_all(path, LINES, UINT64_MAX);
    ck_assert_int_eq((int)recording_read(&read, path), (int)RECORDING_WHOLE);
    ck_assert(read.head.id == 7 && read.head.started == 1767225600123 &&
              strcmp(read.head.profile, "voice") == 0);
    ck_assert(recording_is_ended(&read) && !read.trace);
    same_as_written(&read, LINES);
    recording_free(&read);
    folder_remove();
}
END_TEST

static size_t whole_lines(const char *text, size_t size) {
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += text[i] == '\n';
    return count < 2 ? 0 : count - 2; /* without the head */
}

START_TEST(a_text_cut_at_any_byte_keeps_every_line_that_was_whole) {
    char *text;
    size_t size;
    state = property_seed();
    lines_make(60);
    const char *path = path_of("cut.rec");
    write_all(path, 60, UINT64_MAX);
    ck_assert_int_eq(file_read(path, &text, &size), 0);
    for (size_t cut = 0; cut <= size; cut++) {
        struct recording read;
        bool between = cut > 0 && text[cut - 1] == '\n' && whole_lines(text, cut) + 2 <= 62 &&
                       cut > strlen("degrade-recording,1\n");
        recording_read_text(&read, path, text, cut);
        ck_assert_int_eq((int)read.outcome, (int)(between ? RECORDING_WHOLE : RECORDING_CUT));
        ck_assert(between || strstr(read.fault, "cut") != NULL);
        ck_assert_int_eq(recording_is_ended(&read), cut == size);
        same_as_written(&read, whole_lines(text, cut));
        recording_free(&read);
    }
    free(text);
    folder_remove();
}
END_TEST

START_TEST(a_compressed_file_is_smaller_and_read_back_whole) {
    struct recording read;
    struct recording_writer writer;
    struct stat plain, packed;
    state = property_seed();
    lines_make(LINES);
    write_all(path_of("a.rec"), LINES, UINT64_MAX);
    ck_assert_int_eq(stat(path_of("a.rec.none"), &plain), -1);
    char name[256];
    snprintf(name, sizeof name, "%s/a.rec", folder);
    ck_assert_int_eq(stat(name, &plain), 0);
    const char *path = path_of("b.rec.gz");
    if (!pack_works()) {
        ck_assert_int_eq(recording_begin(&writer, path, &head, UINT64_MAX), RECORDING_NO_ZLIB);
        ck_assert_ptr_nonnull(strstr(recording_error(RECORDING_NO_ZLIB), "zlib"));
    } else {
        write_all(path, LINES, UINT64_MAX);
        ck_assert_int_eq(stat(path, &packed), 0);
        ck_assert_int_lt(packed.st_size, plain.st_size);
        ck_assert_int_eq((int)recording_read(&read, path), (int)RECORDING_WHOLE);
        same_as_written(&read, LINES);
        recording_free(&read);
    }
    folder_remove();
}
END_TEST

/* Each flush is a member: whatever is cut or flipped, those before it are there. */
START_TEST(a_compressed_file_cut_or_damaged_at_any_byte_keeps_its_members) {
    struct recording_writer writer;
    char *data;
    size_t size, first = 0;
    const char *path = path_of("members.rec.gz");
    state = property_seed();
    lines_make(40);
    if (!pack_works())
        return;
    ck_assert_int_eq(recording_begin(&writer, path, &head, UINT64_MAX), 0);
    for (size_t i = 0; i < 40; i++) {
        ck_assert_int_eq(recording_put(&writer, &lines[i]), 0);
        if (i != 19)
            continue;
        ck_assert_int_eq(recording_flush(&writer), 0);
        ck_assert_int_eq(file_read(path, &data, &first), 0);
        free(data);
    }
    ck_assert_int_eq(recording_flush(&writer), 0);
    ck_assert_int_eq(file_read(path, &data, &size), 0);
    for (size_t cut = 0; cut < size; cut++) {
        struct recording read;
        const char *half = path_of("half.rec.gz");
        ck_assert_int_eq(file_append(half, true, data, cut), 0);
        enum recording_outcome outcome = recording_read(&read, half);
        ck_assert_int_eq((int)outcome, (int)(cut == first ? RECORDING_WHOLE : RECORDING_CUT));
        ck_assert(cut < first || read.count >= 20);
        same_as_written(&read, read.count);
        recording_free(&read);
        data[cut] ^= 0x10;
        half = path_of("flipped.rec.gz");
        ck_assert_int_eq(file_append(half, true, data, size), 0);
        outcome = recording_read(&read, half);
        ck_assert(cut < first || read.count >= 20);
        ck_assert(outcome != RECORDING_BROKEN || read.count == 0 || read.count == 20);
        same_as_written(&read, read.count);
        recording_free(&read);
        data[cut] ^= 0x10;
    }
    free(data);
    folder_remove();
}
END_TEST

START_TEST(a_compressed_file_without_zlib_says_so) {
    struct recording read;
    const char *path = path_of("given.rec.gz");
    ck_assert_int_eq(file_append(path, true, "\x1f\x8b\x08", 3), 0);
    enum recording_outcome outcome = recording_read(&read, path);
    ck_assert_int_eq((int)outcome, (int)(pack_works() ? RECORDING_CUT : RECORDING_UNREADABLE));
    ck_assert(pack_works() || strstr(read.fault, "no zlib") != NULL);
    recording_free(&read);
    folder_remove();
}
END_TEST

START_TEST(a_full_file_has_its_end_and_not_a_byte_more_than_its_limit) {
    state = property_seed();
    lines_make(LINES);
    for (uint64_t limit = 200; limit < 12000; limit += 777) {
        struct recording_writer writer;
        struct recording read;
        struct stat about;
        const char *path = path_of("full.rec");
        int fault = 0;
        ck_assert_int_eq(recording_begin(&writer, path, &head, limit), 0);
        for (size_t i = 0; i < LINES && fault == 0; i++)
            fault = recording_put(&writer, &lines[i]);
        ck_assert_int_eq(fault, RECORDING_FULL);
        ck_assert_int_eq(stat(path, &about), 0);
        ck_assert_uint_le((uint64_t)about.st_size, limit);
        ck_assert_int_eq((int)recording_read(&read, path), (int)RECORDING_WHOLE);
        ck_assert(recording_is_ended(&read) && read.lines[read.count - 1].end == RECORDING_LIMIT);
        same_as_written(&read, read.count - 1 < 1 ? 0 : (read.count--, read.count));
        recording_free(&read);
    }
    folder_remove();
}
END_TEST

START_TEST(what_does_not_fit_the_disk_is_not_half_written) {
    struct rlimit before, small;
    struct stat about;
    char text[100] = {0};
    const char *path = path_of("small.rec");
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 150, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert_int_eq(file_append(path, true, text, sizeof text), 0);
    ck_assert_int_eq(file_append(path, false, text, sizeof text), EFBIG);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_int_eq(stat(path, &about), 0);
    ck_assert_int_eq(about.st_size, sizeof text);
    folder_remove();
}
END_TEST

START_TEST(what_cannot_be_written_is_an_error_and_leaves_nothing) {
    struct recording_writer writer;
    struct recording_head bad = {.id = 1, .profile = "a,b"};
    ck_assert_int_eq(recording_begin(&writer, "x", &bad, 1000), RECORDING_NO_NAME);
    ck_assert_int_eq(recording_begin(&writer, path_of("no/such/folder.rec"), &head, 1000), 0);
    ck_assert_int_eq(recording_flush(&writer), ENOENT);
    const char *path = path_of("there.rec");
    ck_assert_int_eq(file_append(path, true, "x", 1), 0);
    ck_assert_int_eq(recording_begin(&writer, path, &head, 1000), 0);
    ck_assert_int_eq(recording_flush(&writer), EEXIST);
    ck_assert_int_eq(file_append("/dev/full", false, "x", 1), ENOSPC);
    folder_remove();
}
END_TEST

/* --- traces --- */

START_TEST(a_trace_reads_as_samples) {
    static const char text[] =
        "t_ms,rtt_ms,loss,jitter_ms,bandwidth_kbps\n0,23,,2.61,\n1000,,,,\n2000,,1,,0\r\n";
    struct recording read;
    ck_assert_int_eq((int)recording_read_text(&read, "x", text, sizeof text - 1), (int)RECORDING_WHOLE);
    ck_assert(read.trace && read.count == 3 && *read.head.profile == '\0');
    ck_assert_uint_eq(read.lines[0].sample.has, DG_SAMPLE_RTT | DG_SAMPLE_JITTER);
    ck_assert_uint_eq(read.lines[1].sample.has, 0);
    ck_assert_uint_eq(read.lines[2].sample.has, DG_SAMPLE_LOSS | DG_SAMPLE_BANDWIDTH);
    ck_assert(read.lines[2].time == DG_SEC(2) && read.lines[2].sample.loss == 1);
    recording_free(&read);
    expect(TEXT("t_ms,rtt_ms,loss,jitter_ms,bandwidth_kbps\n0,1,2,3\n"), RECORDING_BROKEN,
           "line 2: bandwidth_kbps: is missing", 0);
    expect(TEXT("t_ms,rtt_ms,loss,jitter_ms,bandwidth_kbps\n0,1,2,3,4\n"), RECORDING_BROKEN,
           "line 2: row: loss", 0);
}
END_TEST

TESTS_MAIN("recording", a_time_is_milliseconds_with_the_decimals_that_it_has,
           what_is_no_number_is_refused, random_lines_read_back_as_they_were,
           a_line_is_as_the_manual_shows_it, a_broken_line_is_named_with_its_fault,
           what_is_no_recording_is_refused_by_its_line, a_plain_file_is_read_back_whole,
           a_text_cut_at_any_byte_keeps_every_line_that_was_whole,
           a_compressed_file_is_smaller_and_read_back_whole,
           a_compressed_file_cut_or_damaged_at_any_byte_keeps_its_members,
           a_compressed_file_without_zlib_says_so,
           a_full_file_has_its_end_and_not_a_byte_more_than_its_limit,
           what_does_not_fit_the_disk_is_not_half_written,
           what_cannot_be_written_is_an_error_and_leaves_nothing, a_trace_reads_as_samples)
