/* UTF-8 and plain bytes, eight at a time, against one at a time.
 *
 * SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include "support.h"

static const char alphabet[] = "aZ ~\x7f\x1f \x80\xff\"\\!#[]\x20\x21\x5b\x5d\xc3\xa9";

/* A text at the end of its own block. */
static char *random_text(unsigned long long *seed, size_t size) {
    char *text = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        text[i] =
            property_next(seed) % 8 == 0 ? alphabet[property_next(seed) % (sizeof alphabet - 1)] : 'a';
    return realloc(text, size > 0 ? size : 1);
}

START_TEST(plain_run_ends_at_the_first_byte_that_is_not_plain) {
    unsigned long long seed = property_seed();
    for (int i = 0; i < 20000; i++) {
        size_t size = property_next(&seed) % 40, run = 0;
        char *text = random_text(&seed, size);
        while (run < size && dgi_utf8_is_plain(text[run]))
            run++;
        ck_assert_uint_eq(dgi_utf8_plain(text, text + size), run);
        free(text);
    }
}
END_TEST

START_TEST(plain_is_ascii_from_the_space_on_without_quote_and_backslash) {
    for (int c = 0; c < 256; c++) {
        char text[8];
        memset(text, c, sizeof text);
        bool plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
        ck_assert(dgi_utf8_is_plain((char)c) == plain);
        ck_assert_uint_eq(dgi_utf8_plain(text, text + 8), plain ? 8 : 0);
    }
}
END_TEST

START_TEST(masks_find_the_first_byte_in_every_place) {
    for (unsigned byte = 0; byte < 256; byte++)
        for (size_t at = 0; at < DGI_BYTES; at++)
            for (unsigned around = 0; around < 256; around += 17) {
                char text[DGI_BYTES];
                memset(text, (int)around, sizeof text);
                text[at] = (char)byte;
                uint64_t word = dgi_bytes_load(text), equal = dgi_bytes_equal(word, (unsigned char)byte),
                         below = dgi_bytes_below(word, 0x20);
                bool good = equal != 0 && dgi_bytes_first(equal) == (around == byte ? 0 : at);
                good = good && (dgi_bytes_high(word) != 0) == (byte >= 0x80 || around >= 0x80);
                if (good && around >= 0x20)
                    good = byte < 0x20 ? below != 0 && dgi_bytes_first(below) == at : below == 0;
                if (!good)
                    ck_abort_msg("%u at %zu, among %u", byte, at, around);
            }
}
END_TEST

START_TEST(text_is_valid_if_each_of_its_characters_is) {
    unsigned long long seed = property_seed();
    unsigned good = 0;
    for (int i = 0; i < 20000; i++) {
        size_t size = property_next(&seed) % 24;
        char *text = random_text(&seed, size), *at = text;
        size_t step = 1;
        while (at < text + size && (step = dgi_utf8_size(at, text + size)) > 0)
            at += step;
        ck_assert(dgi_utf8_valid(text, size) == (at == text + size));
        good += at == text + size;
        free(text);
    }
    ck_assert_uint_gt(good, 500);
}
END_TEST

START_TEST(every_code_point_is_written_and_measured) {
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        char text[4];
        if (code >= 0xd800 && code < 0xe000)
            continue;
        size_t size = dgi_utf8_encode(text, code);
        bool good = size == (code < 0x80      ? 1u
                             : code < 0x800   ? 2u
                             : code < 0x10000 ? 3u
                                              : 4u) &&
                    dgi_utf8_size(text, text + size) == size;
        for (size_t cut = 1; cut < size; cut++)
            good = good && dgi_utf8_size(text, text + cut) == 0;
        if (!good)
            ck_abort_msg("U+%04X", code);
    }
}
END_TEST

TESTS_MAIN("utf8", plain_run_ends_at_the_first_byte_that_is_not_plain,
           plain_is_ascii_from_the_space_on_without_quote_and_backslash,
           masks_find_the_first_byte_in_every_place, text_is_valid_if_each_of_its_characters_is,
           every_code_point_is_written_and_measured)
