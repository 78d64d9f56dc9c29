/* SPDX-License-Identifier: MIT */
/*
 * placeholders: one walk over a value, each byte once.  Asking json_scan for the members of every
 * object would read a nested text once a level, and a peer decides how deep it nests.
 */
#include "placeholders.h"

#include <stdint.h>

#include "json/json_scan.h"

/* What the members seen so far say of their object; the last of a name wins. */
struct found {
    bool placeholder; /* "_placeholder" is true */
    bool in_range;    /* "num" is one of the attachments */
};

static bool walk(struct json_cursor *c, unsigned attachments, struct str *scalar);

static bool
is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The byte where the next value, comma or end of container is. */
static char
peek(struct json_cursor *c)
{
    while (c->at < c->end && is_space(*c->at))
        c->at++;
    return c->at < c->end ? *c->at : '\0';
}

static void
note_member(struct str key, struct str scalar, unsigned attachments, struct found *found)
{
    uint64_t number;

    if (json_scan_string_is(key, "_placeholder"))
        found->placeholder = json_scan_kind(scalar) == JSON_TRUE;
    else if (json_scan_string_is(key, "num"))
        found->in_range = attachments > 0 && str_to_u64(scalar, attachments - 1, &number);
}

/* From behind the opening bracket to behind the closing one. */
static bool
walk_container(struct json_cursor *c, unsigned attachments, bool object)
{
    struct found found = { false, false };
    struct str key, scalar;

    while (peek(c) != ']' && *c->at != '}') {
        if (*c->at == ',')
            c->at++;
        if (object) {
            if (!json_scan_value(c, &key))
                return false;
            c->at++; /* the colon */
        }
        if (!walk(c, attachments, &scalar))
            return false;
        if (object)
            note_member(key, scalar, attachments, &found);
    }
    c->at++;
    return !found.placeholder || found.in_range;
}

/* One value; *scalar is empty for a container.  Recursion ends at JSON_SCAN_DEPTH_MAX. */
static bool
walk(struct json_cursor *c, unsigned attachments, struct str *scalar)
{
    char first = peek(c);

    *scalar = (struct str){ NULL, 0 };
    if (first != '{' && first != '[')
        return json_scan_value(c, scalar);
    c->at++;
    return walk_container(c, attachments, first == '{');
}

bool
placeholders_within(struct str value, unsigned attachments)
{
    struct json_cursor c = json_scan_begin(value);
    struct str scalar;

    return value.len == 0 || walk(&c, attachments, &scalar);
}
