/* SPDX-License-Identifier: MIT */
/*
 * json_grammar: takes one JSON value off a text, whole and validated, or an object member by
 * member.  Private to json_scan.  Pure.
 */
#ifndef JSON_JSON_GRAMMAR_H
#define JSON_JSON_GRAMMAR_H

#include <stdbool.h>

#include "base/attr.h"
#include "json/json_scan.h"

/* json_scan_value() itself. */
MUST_USE bool json_grammar_value(struct json_cursor *c, struct str *value);
/* The whole text is an object: on_member is called for each member, before the rest is read. */
MUST_USE bool json_grammar_object(
    struct str text, void (*on_member)(void *owner, struct str key, struct str value), void *owner);

#endif
