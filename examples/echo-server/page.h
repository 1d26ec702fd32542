/*
 * The page, page.html, which the build turns into bytes (embed.py).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_PAGE_H
#define ECHO_PAGE_H

#include <stddef.h>

extern const unsigned char page_html[];
extern const size_t page_html_size;

#endif
