/* SPDX-License-Identifier: MIT */
/*
 * redis_parser: hiredis' reader calls a function for each element; those here build values in
 * place, and refuse what is too much.  One that returns NULL ends the reading.
 *
 * A reply's memory is given back as a whole, so that reading a stream of messages allocates
 * nothing.
 *
 *   bytes     of a reply that is not whole, in hiredis' buffer: BYTES_MAX
 *   values    made of them, in the arena: REDIS_PARSER_MAX_BYTES; an array takes room for all of
 *             its elements when it is announced
 *   lines     of a status, an error, a number, a length: LINE_MAX_BYTES
 */
#include "redis_parser.h"

#include <hiredis/hiredis.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/mem.h"

/* More than any command of ours is answered with.  hiredis before 1.0 has this depth too. */
enum { DEPTH_MAX = 7, BYTES_MAX = 64 << 20, LINE_MAX_BYTES = 64 << 10 };

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

/* ---- memory of one reply ---- */

enum { BLOCK_SIZE = 4096, ALIGNMENT = alignof(max_align_t) };

struct redis_block {
    struct redis_block *older;
    size_t size;
    alignas(max_align_t) char data[];
};

static void
arena_use(struct redis_arena *a, struct redis_block *b)
{
    a->blocks = b;
    a->at = b->data;
    a->left = b->size;
}

/* Not cleared, aligned for anything; valid until arena_clear().  NULL: past the limit. */
static void *
arena_take(struct redis_arena *a, size_t size)
{
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t room = rounded > BLOCK_SIZE ? rounded : BLOCK_SIZE;
    char *taken;

    if (size > REDIS_PARSER_MAX_BYTES)
        return NULL;
    if (!a->blocks || rounded > a->left) {
        struct redis_block *b;

        if (room > REDIS_PARSER_MAX_BYTES - a->held)
            return NULL;
        b = mem_alloc(sizeof(*b) + room);
        b->older = a->blocks;
        b->size = room;
        a->held += room;
        arena_use(a, b);
    }
    taken = a->at;
    a->at += rounded;
    a->left -= rounded;
    return taken;
}

static void
arena_drop_newest(struct redis_arena *a)
{
    struct redis_block *b = a->blocks;

    ENSURE(a->held >= b->size);
    a->blocks = b->older;
    a->held -= b->size;
    free(b);
}

/* Keeps a block of the usual size for the next reply. */
static void
arena_clear(struct redis_arena *a)
{
    while (a->blocks && (a->blocks->older || a->blocks->size > BLOCK_SIZE))
        arena_drop_newest(a);
    if (a->blocks)
        arena_use(a, a->blocks);
    else
        a->left = 0;
}

static void
arena_fini(struct redis_arena *a)
{
    while (a->blocks)
        arena_drop_newest(a);
    a->left = 0;
}

/* ---- values ---- */

/* Values are const to all but this file. */
static struct redis_value *
items_of(const struct redis_value *v)
{
    return (struct redis_value *)(uintptr_t)v->items;
}

/* NULL: there is no room. */
static void *
parser_take(const redisReadTask *task, size_t size)
{
    struct redis_parser *p = task->privdata;
    void *taken = arena_take(&p->arena, size);

    p->too_large = !taken;
    return taken;
}

/* Where the value of a task goes: into its array, or on its own.  NULL: there is no room. */
static struct redis_value *
parser_place(const redisReadTask *task, enum redis_kind kind)
{
    struct redis_value *v =
        task->parent ? &items_of(task->parent->obj)[task->idx] : parser_take(task, sizeof(*v));

    if (v)
        *v = (struct redis_value){ .kind = kind };
    return v;
}

static void *
create_string(const redisReadTask *task, char *text, size_t len)
{
    struct redis_parser *p = task->privdata;
    enum redis_kind kind = REDIS_STRING;
    struct redis_value *v = NULL;
    char *copied;

    if (task->type == REDIS_REPLY_STATUS)
        kind = REDIS_STATUS;
    else if (task->type == REDIS_REPLY_ERROR)
        kind = REDIS_ERROR;
    else if (task->type != REDIS_REPLY_STRING)
        return NULL;
    if (kind != REDIS_STRING && len > LINE_MAX_BYTES) {
        p->too_large = true;
        return NULL;
    }
    copied = parser_take(task, len + 1);
    if (copied)
        v = parser_place(task, kind);
    if (!v)
        return NULL;
    memcpy(copied, text, len);
    copied[len] = '\0';
    v->text = str_slice(copied, len);
    return v;
}

static bool
too_deep(const redisReadTask *task)
{
    unsigned depth = 0;

    for (; task && depth <= DEPTH_MAX; task = task->parent)
        depth++;
    return depth > DEPTH_MAX;
}

static void *
create_array(const redisReadTask *task, element_count count)
{
    struct redis_parser *p = task->privdata;
    size_t elements = (size_t)count;
    struct redis_value *v, *items;

    if (task->type != REDIS_REPLY_ARRAY || too_deep(task))
        return NULL;
    if (elements > REDIS_PARSER_MAX_BYTES / sizeof(*items)) {
        p->too_large = true;
        return NULL;
    }
    items = parser_take(task, elements * sizeof(*items));
    v = items ? parser_place(task, REDIS_ARRAY) : NULL;
    if (!v)
        return NULL;
    for (size_t i = 0; i < elements; i++)
        items[i] = (struct redis_value){ .kind = REDIS_NIL };
    v->items = items;
    v->count = elements;
    return v;
}

static void *
create_integer(const redisReadTask *task, long long integer)
{
    struct redis_value *v = parser_place(task, REDIS_INTEGER);

    if (v)
        v->integer = integer;
    return v;
}

static void *
create_nil(const redisReadTask *task)
{
    return parser_place(task, REDIS_NIL);
}

#if HIREDIS_MAJOR >= 1
/* RESP3, which is never asked for. */
static void *
refuse_double(const redisReadTask *task, double value, char *text, size_t len)
{
    (void)task, (void)value, (void)text, (void)len;
    return NULL;
}

static void *
refuse_bool(const redisReadTask *task, int value)
{
    (void)task, (void)value;
    return NULL;
}
#endif

/* What hiredis gives up is the arena's all the same. */
static void
free_value(void *value)
{
    (void)value;
}

static redisReplyObjectFunctions functions = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
    .freeObject = free_value,
#if HIREDIS_MAJOR >= 1
    .createDouble = refuse_double,
    .createBool = refuse_bool,
#endif
};

/* ---- the stream ---- */

void
redis_parser_init(struct redis_parser *p)
{
    p->reader = redisReaderCreateWithFunctions(&functions);
    ENSURE(p->reader);
    p->reader->privdata = p;
    p->under_way = 0;
    p->too_large = false;
    p->arena = (struct redis_arena){ 0 };
}

void
redis_parser_fini(struct redis_parser *p)
{
    if (p->reader)
        redisReaderFree(p->reader);
    p->reader = NULL;
    arena_fini(&p->arena);
}

bool
redis_parser_feed(struct redis_parser *p, const char *data, size_t len)
{
    if (p->under_way + len > BYTES_MAX)
        return false;
    p->under_way += len;
    (void)redisReaderFeed(p->reader, data, len); /* what fails now fails in redis_parser_next() */
    return true;
}

/* Whenever more of a line comes hiredis looks for its end from its beginning, which takes the
 * square of its length.  Of a long text what is unread begins with the line of its length. */
static bool
is_endless(const redisReader *r)
{
    static const char end[] = { '\r', '\n' };

    return r->len - r->pos > LINE_MAX_BYTES + 1 &&
           !memmem(r->buf + r->pos, LINE_MAX_BYTES + sizeof(end), end, sizeof(end));
}

enum redis_parse
redis_parser_next(struct redis_parser *p, const struct redis_value **out)
{
    void *value = NULL;

    if (redisReaderGetReply(p->reader, &value) != REDIS_OK)
        return p->too_large ? REDIS_PARSE_TOO_LARGE : REDIS_PARSE_BAD;
    if (!value)
        return is_endless(p->reader) ? REDIS_PARSE_TOO_LARGE : REDIS_PARSE_MORE;
    p->under_way = p->reader->len - p->reader->pos;
    *out = value;
    return REDIS_PARSE_VALUE;
}

void
redis_parser_release(struct redis_parser *p)
{
    arena_clear(&p->arena);
}
