/*
 * The words of a recording's lines.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RECORDING_WORDS_H
#define RECORDING_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of lines (enum recording_kind) and reasons of an end. -1: there is no such word. */
const char *word_of_kind(unsigned kind);
int word_find_kind(const char *word);
const char *word_of_end(unsigned end);
int word_find_end(const char *word);

/* Messages of a decision (a mask of DG_SEND_*), with plus signs between them. */
#define WORDS_SEND_MAX 64
void words_of_send(uint32_t send, char text[WORDS_SEND_MAX]);
bool words_read_send(const char *text, uint32_t *send);

#endif
