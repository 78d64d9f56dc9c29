/* SPDX-License-Identifier: MIT */
/*
 * redis_request: RESP2, an array of strings; replies come in the order of the requests.  Unasked
 * come ["psubscribe", pattern, count] and ["pmessage", pattern, channel, payload].
 */
#include "redis_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "redis/redis_link.h"

struct bytes *
redis_request_new(const struct str *argv, size_t argc)
{
    struct buffer out = { 0 };
    struct bytes *request;

    buffer_printf(&out, "*%zu\r\n", argc);
    for (size_t i = 0; i < argc; i++) {
        buffer_printf(&out, "$%zu\r\n", argv[i].len);
        if (argv[i].len > 0)
            buffer_append_str(&out, argv[i]);
        buffer_append(&out, "\r\n", 2);
    }
    request = buffer_to_bytes(&out);
    buffer_fini(&out);
    return request;
}

/* ---- requests that wait ---- */

/* Owned by the list of those that wait. */
struct request {
    struct list node;
    void (*on_reply)(void *owner, const struct redis_value *reply);
    void *owner;
};

void
redis_request_init(struct redis_requests *r)
{
    list_init(&r->waiting);
    buffer_init(&r->patterns);
}

void
redis_request_fini(struct redis_requests *r)
{
    LIST_EACH(node, &r->waiting) {
        list_remove(node);
        free(LIST_ENTRY(node, struct request, node));
    }
    buffer_fini(&r->patterns);
}

void
redis_request_await(struct redis_requests *r,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner)
{
    struct request *q = mem_alloc(sizeof(*q));

    *q = (struct request){ .on_reply = on_reply, .owner = owner };
    list_init(&q->node);
    list_append(&r->waiting, &q->node);
}

bool
redis_request_answer(struct redis_requests *r, const struct redis_value *v)
{
    struct request *q, told;

    if (list_empty(&r->waiting))
        return false;
    q = LIST_ENTRY(r->waiting.next, struct request, node);
    told = *q;
    list_remove(&q->node);
    free(q);
    if (told.on_reply)
        told.on_reply(told.owner, v);
    return true;
}

/* ---- subscriptions ---- */

static bool
is_expected(const struct redis_requests *r, struct str pattern)
{
    size_t at = 0, len;

    while (at < r->patterns.len) {
        memcpy(&len, r->patterns.data + at, sizeof(len));
        at += sizeof(len);
        if (str_equal(str_slice(r->patterns.data + at, len), pattern))
            return true;
        at += len;
    }
    return false;
}

struct bytes *
redis_request_subscribe(struct redis_requests *r, struct str pattern)
{
    if (!is_expected(r, pattern)) {
        buffer_append(&r->patterns, (const char *)&pattern.len, sizeof(pattern.len));
        buffer_append_str(&r->patterns, pattern);
    }
    return redis_request_new((const struct str[]){ STR_LIT("PSUBSCRIBE"), pattern }, 2);
}

static bool
is_word(const struct redis_value *v, const char *word)
{
    return v->kind == REDIS_STRING && str_is(v->text, word);
}

enum redis_unasked
redis_request_unasked(const struct redis_requests *r, const struct redis_value *v)
{
    const struct redis_value *items = v->items;

    if (v->kind == REDIS_ERROR)
        return REDIS_UNASKED_ERROR;
    if (r->patterns.len == 0 || v->kind != REDIS_ARRAY)
        return REDIS_UNASKED_STRANGE;
    if (v->count == 4 && is_word(&items[0], "pmessage") && items[1].kind == REDIS_STRING &&
        items[2].kind == REDIS_STRING && items[3].kind == REDIS_STRING)
        return REDIS_UNASKED_MESSAGE;
    if (v->count == 3 && is_word(&items[0], "psubscribe") && items[1].kind == REDIS_STRING &&
        is_expected(r, items[1].text) && items[2].kind == REDIS_INTEGER)
        return REDIS_UNASKED_CONFIRMATION;
    return REDIS_UNASKED_STRANGE;
}
