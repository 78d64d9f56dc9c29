/* SPDX-License-Identifier: MIT */
/*
 * inflate: compressed messages.  Equal ones, as of a broadcast, are inflated once: the clients'
 * time is not what is measured.
 */
#ifndef LOAD_INFLATE_H
#define LOAD_INFLATE_H

#include <stdbool.h>
#include <stddef.h>

struct inflate {
    char *last; /* the compressed message that text was made of */
    size_t last_len;
    char *text;
    size_t text_len;
};

/* False when data is not one whole message; text is valid until the next call. */
bool inflate_message(struct inflate *i, const char *data, size_t len);

#endif
