/* SPDX-License-Identifier: MIT */
/*
 * coercion: reads a value as the option's type, or as what laravel-echo-server made of it.
 *
 * laravel-echo-server is JavaScript and checks nothing: a text counts as true, an unknown protocol
 * is http, a number may be written in any way.  What it started with starts here too, with the same
 * effect, and a warning says which.  Options that it did not know are strict.  Pure; any thread.
 */
#ifndef CONFIG_COERCION_H
#define CONFIG_COERCION_H

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;
struct option;

enum coercion {
    COERCION_READ,    /* the slot has what was written */
    COERCION_TAKEN,   /* the slot has what it comes to */
    COERCION_DEFAULT, /* it counts as not given; the slot keeps what it had */
    COERCION_WRONG,   /* laravel-echo-server did not start with it either */
};

MUST_USE enum coercion coercion_read(const struct option *o, void *slot, const json_t *value);
/* The same for the text of a variable. */
MUST_USE enum coercion coercion_read_text(const struct option *o, void *slot, struct str text);

/* Nothing, as JavaScript sees it: null, false, 0 and the empty text. */
bool coercion_is_nothing(const json_t *value);
/* JavaScript's String(value), but nothing for an object. */
void coercion_append_text(const json_t *value, struct buffer *out);

#endif
