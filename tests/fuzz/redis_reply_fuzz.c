/* SPDX-License-Identifier: MIT */
/*
 * redis_reply_fuzz: whatever a Redis server sends, and however it is cut, the parser survives it,
 * keeps within its limits, and tells the same story; what reads replies of a cluster survives it
 * too.  The first byte says how the rest is cut.
 */
#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "fuzz.h"
#include "redis_parser.h"
#include "redis_slots.h"

enum { DEPTH_MAX = 7, PIECE_MAX = 4096 };

static void
tell(struct buffer *story, const struct redis_value *v, unsigned depth)
{
    ENSURE(depth <= DEPTH_MAX);
    ENSURE(v->kind == REDIS_ARRAY || v->count == 0);
    buffer_printf(story, "%d %lld %zu %zu:", (int)v->kind, v->integer, v->count, v->text.len);
    buffer_append_str(story, v->text);
    for (size_t i = 0; i < v->count; i++)
        tell(story, &v->items[i], depth + 1);
}

static void
follow(const struct redis_value *v)
{
    struct redis_slots *slots = mem_zalloc(sizeof(*slots));
    struct redis_slots_redirection where;

    if (redis_slots_read(slots, v, "self"))
        (void)redis_slots_complete(slots);
    redis_slots_fini(slots);
    free(slots);
    if (redis_slots_redirects(v->text, &where))
        ENSURE(where.host.len < v->text.len && where.port <= UINT16_MAX);
}

/* False: the server is not listened to any more. */
static bool
take_all(struct redis_parser *p, struct buffer *story)
{
    const struct redis_value *v;
    enum redis_parse result;

    while ((result = redis_parser_next(p, &v)) == REDIS_PARSE_VALUE) {
        tell(story, v, 0);
        follow(v);
        ENSURE(p->arena.held <= REDIS_PARSER_MAX_BYTES);
        redis_parser_release(p);
    }
    ENSURE(p->arena.held <= REDIS_PARSER_MAX_BYTES);
    if (result == REDIS_PARSE_MORE)
        return true;
    buffer_printf(story, "%d", (int)result);
    return false;
}

static void
read_in_steps(struct str all, size_t step, struct buffer *story)
{
    struct redis_parser p;
    bool listens = true;

    redis_parser_init(&p);
    for (size_t at = 0; at < all.len && listens; at += step) {
        size_t n = all.len - at < step ? all.len - at : step;

        ENSURE(redis_parser_feed(&p, all.data + at, n));
        listens = take_all(&p, story);
    }
    redis_parser_fini(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer whole = { 0 }, cut = { 0 };
    struct str all;

    if (size == 0)
        return 0;
    all = str_slice((const char *)data + 1, size - 1);
    read_in_steps(all, PIECE_MAX, &whole);
    read_in_steps(all, 1u + data[0], &cut);
    ENSURE(str_equal(buffer_str(&whole), buffer_str(&cut)));
    buffer_fini(&whole);
    buffer_fini(&cut);
    return 0;
}
