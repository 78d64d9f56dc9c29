/* SPDX-License-Identifier: MIT */
/*
 * utf8: validation as RFC 3629 has it (no surrogates, no overlong forms, nothing above U+10FFFF),
 * whole or as it streams.  Pure; any thread.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* State of a text that arrives in pieces; zero it to begin. */
struct utf8_check {
    uint8_t missing;   /* continuation bytes still to come */
    uint8_t low, high; /* range of the next one, when missing > 0 */
};

/* False when the bytes so far cannot begin a valid text. */
bool utf8_check_feed(struct utf8_check *c, const char *data, size_t len);
/* Whether the text may end here. */
bool utf8_check_complete(const struct utf8_check *c);

bool utf8_valid(struct str s);

/* Length in UTF-16 code units of a valid text (Engine.IO 3's length prefix). */
size_t utf8_utf16_length(struct str s);

#endif
