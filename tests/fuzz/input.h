/* SPDX-License-Identifier: MIT */
/*
 * input: bytes as a sequence of choices and texts, for entries that make operations of them.  What
 * is asked for past their end is 0, and empty.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct input {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t
input_byte(struct input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

/* A byte of length, then so many, as far as there are. */
static inline struct str
input_text(struct input *in)
{
    size_t len = input_byte(in);
    struct str text;

    if (len > in->left)
        len = in->left;
    text = str_slice((const char *)in->at, len);
    in->at += len;
    in->left -= len;
    return text;
}

/* One of a table. */
#define INPUT_PICK(in, table) ((table)[input_byte(in) % COUNT_OF(table)])

#endif
