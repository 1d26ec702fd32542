/*
 * The echo: audio that came in goes out again, cut anew into chunks of the level in force.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_AUDIO_H
#define ECHO_AUDIO_H

#include <stddef.h>

struct client;

#define AUDIO_SAMPLE_RATE 16000u

/* A binary chunk begins with its number, big-endian. */
#define AUDIO_HEADER 4u

/* Takes audio in, and sends what makes whole chunks. At a level without audio it is dropped and counted. */
void audio_echo(struct client *client, const void *data, size_t size);

/* Forgets what is not sent yet. */
void audio_stop(struct client *client);

#endif
