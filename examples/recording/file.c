/*
 * Files, by their names.
 *
 * SPDX-License-Identifier: MIT
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- reading --- */

static int all_read(FILE *in, char **data, size_t *size) {
    size_t room = 0, used = 0;
    for (;;) {
        if (used == room) {
            char *more = room < FILE_READ_MAX ? realloc(*data, room = room ? 2 * room : 65536) : NULL;
            if (more == NULL)
                return room < FILE_READ_MAX ? ENOMEM : EFBIG;
            *data = more;
        }
        size_t got = fread(*data + used, 1, room - used, in);
        used += got;
        if (got == 0)
            break;
    }
    *size = used;
    return ferror(in) ? EIO : 0;
}

static int is_file(FILE *in) {
    struct stat about;
    if (fstat(fileno(in), &about) != 0)
        return errno;
    return S_ISDIR(about.st_mode) ? EISDIR : 0;
}

int file_read(const char *path, char **data, size_t *size) {
    *data = NULL;
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        return errno;
    int fault = is_file(in);
    if (fault == 0)
        fault = all_read(in, data, size);
    fclose(in);
    if (fault != 0) {
        free(*data);
        *data = NULL;
    }
    return fault;
}

/* --- writing --- */

static int all_write(int fd, const char *data, size_t size) {
    while (size > 0) {
        ssize_t wrote = write(fd, data, size);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return wrote < 0 ? errno : ENOSPC;
        data += wrote;
        size -= (size_t)wrote;
    }
    return 0;
}

/* If it fails, half a line is left, and the reader passes over that. */
static void undone(int fd, off_t size) {
    if (ftruncate(fd, size) != 0)
        return;
}

int file_append(const char *path, bool fresh, const void *data, size_t size) {
    struct stat before = {0};
    int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (fresh ? O_CREAT | O_EXCL : 0);
    int fd = open(path, flags, 0640);
    if (fd < 0)
        return errno;
    int fault = fstat(fd, &before) == 0 ? all_write(fd, data, size) : errno;
    if (fault != 0)
        undone(fd, before.st_size);
    if (close(fd) != 0 && fault == 0)
        fault = errno;
    if (fault != 0 && fresh)
        unlink(path);
    return fault;
}
