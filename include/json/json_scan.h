/* SPDX-License-Identifier: MIT */
/*
 * json_scan: one pass over a JSON text (RFC 8259) that validates and finds where values begin and
 * end, without building a tree.
 *
 * Event data must reach the browser as the application encoded it: numbers keep their digits,
 * objects their key order and duplicate keys, {} and [] stay distinct.  So values travel as raw
 * slices.  Pure: no I/O, no allocation (but json_scan_normalise's buffer), any thread.
 */
#ifndef JSON_JSON_SCAN_H
#define JSON_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;

enum { JSON_SCAN_DEPTH_MAX = 64 };

enum json_kind {
    JSON_NONE,
    JSON_NULL,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

/* Where a scan stands in its text. */
struct json_cursor {
    const char *at, *end;
};

/* A cursor on the text's first byte. */
struct json_cursor json_scan_begin(struct str text);

/*
 * Take one whole value, of any kind, with the white space around it.  False: not JSON, not valid
 * UTF-8, or nested deeper than JSON_SCAN_DEPTH_MAX.  *value has no white space around it.
 */
MUST_USE bool json_scan_value(struct json_cursor *c, struct str *value);

/* The kind of a value that json_scan_value() returned. */
enum json_kind json_scan_kind(struct str value);

/* The whole text is one value and nothing else. */
MUST_USE bool json_scan_whole(struct str text, struct str *value);

/*
 * Elements of an array that json_scan_value() accepted: begin with `struct json_cursor c =
 * json_scan_enter(array)`, then call until it returns false (no more).
 */
struct json_cursor json_scan_enter(struct str container);
MUST_USE bool json_scan_element(struct json_cursor *c, struct str *value);
/* Members of an object that json_scan_value() accepted; key is raw, with its quotes. */
MUST_USE bool json_scan_member(struct json_cursor *c, struct str *key, struct str *value);

/*
 * The member of an object that json_scan_value() accepted; the last one wins, as in
 * JavaScript; kind NONE (len 0) when it is not there.
 */
struct str json_scan_get(struct str object, const char *name);

/* A member to look for, and what was found: the last one of its name; len 0: there is none. */
struct json_field {
    const char *name;
    struct str value;
};

/*
 * The whole text is an object, and nothing else: validated as by json_scan_whole(), and searched
 * for the fields in the same pass.
 */
MUST_USE bool json_scan_fields(struct str text, struct json_field *fields, size_t count);

/* The text of a string value, decoded to UTF-8 and appended; a lone surrogate becomes U+FFFD.
 * The value must be a string that json_scan_value() accepted. */
void json_scan_string(struct str value, struct buffer *out);
/* Whether a string value, decoded, is this text. */
bool json_scan_string_is(struct str value, const char *text);

/*
 * Append the value with PHP's needless escapes undone: "\/" becomes "/", "\u00e9" (and pairs of
 * surrogates) UTF-8; "\u0000"-"\u001f" and lone surrogates stay escaped; all else byte for byte.
 * The value must be one that json_scan_value() accepted.
 */
void json_scan_normalise(struct str value, struct buffer *out);

/* Append text (valid UTF-8) as a JSON string with quotes. */
void json_scan_quote(struct str text, struct buffer *out);

#endif
