/*
 * Recordings of all sessions.
 *
 * SPDX-License-Identifier: MIT
 */
#include "recorder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"

#define PREFIX "session-"

static void tell(bool *told, uint32_t severity, const char *message, const char *path,
                 const char *error) {
    const dg_log_field fields[] = {{.name = "path", .type = DG_FIELD_TEXT, .text = path},
                                   {.name = "error", .type = DG_FIELD_TEXT, .text = error}};
    if (!*told)
        log_line(severity, message, fields, error != NULL ? 2 : 1);
    *told = true;
}

void recorder_tell(struct recorder *recorder, const char *path, int error) {
    if (error == RECORDING_FULL)
        tell(&recorder->limit_told, DG_LOG_INFO,
             "A recording has reached its limit and ended; of others that do nothing will be said", path,
             NULL);
    else
        tell(&recorder->fault_told, DG_LOG_WARN,
             "A session cannot be recorded; of others that cannot nothing will be said", path,
             recording_error(error));
}

void recorder_open(struct recorder *recorder, const struct options *options) {
    *recorder = (struct recorder){.options = options};
    if (options->record == NULL)
        return;
    DIR *folder = opendir(options->record);
    if (folder == NULL) {
        recorder_tell(recorder, options->record, errno);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        recorder->files += strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0;
    closedir(folder);
}

/* By its start first, so that a list of the folder is in order. */
static int path_make(const struct options *options, uint64_t id, dg_wall started,
                     char path[RECORDING_PATH_MAX]) {
    struct tm utc;
    char text[32];
    time_t seconds = (time_t)(started / 1000);
    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y%m%dT%H%M%S", &utc);
    int size = snprintf(path, RECORDING_PATH_MAX, "%s/" PREFIX "%s.%03uZ-%llu.rec%s", options->record,
                        text, (unsigned)(started % 1000), (unsigned long long)id,
                        options->record_packed ? ".gz" : "");
    return size < RECORDING_PATH_MAX ? 0 : ENAMETOOLONG;
}

static bool too_many(struct recorder *recorder) {
    if (recorder->files < recorder->options->record_files)
        return false;
    tell(&recorder->files_told, DG_LOG_WARN,
         "There are as many recordings as there may be: no more sessions are recorded",
         recorder->options->record, NULL);
    return true;
}

bool recorder_begin(struct recorder *recorder, struct recording_writer *writer, uint64_t id) {
    const struct options *options = recorder->options;
    char path[RECORDING_PATH_MAX];
    struct recording_head head = {.id = id, .started = clock_wall()};
    snprintf(head.profile, sizeof head.profile, "%s", dg_profile_name(options->profile));
    if (too_many(recorder))
        return false;
    int fault = path_make(options, id, head.started, path);
    if (fault == 0)
        fault = recording_begin(writer, path, &head, options->record_bytes);
    if (fault != 0)
        recorder_tell(recorder, options->record, fault);
    recorder->files += fault == 0;
    return fault == 0;
}
