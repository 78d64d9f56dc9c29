/* SPDX-License-Identifier: MIT */
/*
 * redis_push: ["psubscribe", pattern, count] and ["pmessage", pattern, channel, payload]; nothing
 * else comes unasked, but an error before the end of the connection.
 */
#include <string.h>

#include "redis_contact_priv.h"

static bool
expected(const struct redis_contact *c, struct str pattern)
{
    size_t at = 0, len;

    while (at < c->patterns.len) {
        memcpy(&len, c->patterns.data + at, sizeof(len));
        at += sizeof(len);
        if (str_equal(str_slice(c->patterns.data + at, len), pattern))
            return true;
        at += len;
    }
    return false;
}

void
redis_push_expect(struct redis_contact *c, struct str pattern)
{
    if (expected(c, pattern))
        return;
    buffer_append(&c->patterns, (const char *)&pattern.len, sizeof(pattern.len));
    buffer_append_str(&c->patterns, pattern);
}

static bool
is_word(const struct redis_value *v, const char *word)
{
    return v->kind == REDIS_STRING && str_is(v->text, word);
}

static bool
is_confirmation(const struct redis_contact *c, const struct redis_value *v)
{
    return v->count == 3 && is_word(&v->items[0], "psubscribe") &&
           v->items[1].kind == REDIS_STRING && expected(c, v->items[1].text) &&
           v->items[2].kind == REDIS_INTEGER;
}

static bool
is_message(const struct redis_value *v)
{
    return v->count == 4 && is_word(&v->items[0], "pmessage") && v->items[1].kind == REDIS_STRING &&
           v->items[2].kind == REDIS_STRING && v->items[3].kind == REDIS_STRING;
}

void
redis_push_take(struct redis_contact *c, const struct redis_value *v)
{
    const struct redis_contact_handlers *h = c->handlers;

    if (v->kind == REDIS_ERROR) {
        redis_contact_note(c, v->text, "PSUBSCRIBE");
        redis_contact_fall_strange(c);
    } else if (c->patterns.len > 0 && v->kind == REDIS_ARRAY && is_message(v)) {
        if (h->on_message)
            h->on_message(c->owner, v->items[2].text, v->items[3].text);
    } else if (c->patterns.len > 0 && v->kind == REDIS_ARRAY && is_confirmation(c, v)) {
        if (h->on_subscribed)
            h->on_subscribed(c->owner);
    } else {
        redis_contact_fall_strange(c);
    }
}
