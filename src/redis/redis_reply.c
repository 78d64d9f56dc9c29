/* SPDX-License-Identifier: MIT */
/*
 * redis_reply: kinds, texts and items of a reply; redis_guard lets them be seven deep.
 */
#include "redis_reply.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

static void
open_items(const redisReply *from, struct redis_value *out)
{
    struct redis_value *items = mem_alloc(from->elements * sizeof(*items));

    for (size_t i = 0; i < from->elements; i++)
        redis_reply_open(from->element[i], &items[i]);
    out->items = items;
    out->count = from->elements;
}

void
redis_reply_open(const redisReply *from, struct redis_value *out)
{
    *out = (struct redis_value){ .kind = REDIS_NIL };
    switch (from->type) {
    case REDIS_REPLY_ARRAY:
        out->kind = REDIS_ARRAY;
        open_items(from, out);
        return;
    case REDIS_REPLY_INTEGER:
        out->kind = REDIS_INTEGER;
        out->integer = from->integer;
        return;
    case REDIS_REPLY_STATUS:
        out->kind = REDIS_STATUS;
        break;
    case REDIS_REPLY_ERROR:
        out->kind = REDIS_ERROR;
        break;
    case REDIS_REPLY_STRING:
        out->kind = REDIS_STRING;
        break;
    default:
        return;
    }
    out->text = str_slice(from->str, from->len);
}

void
redis_reply_close(struct redis_value *v)
{
    struct redis_value *items = (struct redis_value *)(uintptr_t)v->items;

    for (size_t i = 0; i < v->count; i++)
        redis_reply_close(&items[i]);
    free(items);
}
