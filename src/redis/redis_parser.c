/* SPDX-License-Identifier: MIT */
/*
 * redis_parser: hiredis' reader calls a function for each element; those here build values in
 * place, and refuse what is too much.  One that returns NULL ends the reading.
 */
#include "redis_parser.h"

#include <hiredis/hiredis.h>
#include <stdint.h>
#include <string.h>

#include "base/ensure.h"

/* More than any command of ours is answered with.  hiredis before 1.0 has this depth too. */
enum { ELEMENTS_MAX = 1 << 20, DEPTH_MAX = 7, BYTES_MAX = 64 << 20 };

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

/* Values are const to all but this file. */
static struct redis_value *
items_of(const struct redis_value *v)
{
    return (struct redis_value *)(uintptr_t)v->items;
}

static struct redis_arena *
arena_of(const redisReadTask *task)
{
    return &((struct redis_parser *)task->privdata)->arena;
}

/* Where the value of a task goes: into its array, or on its own. */
static struct redis_value *
place(const redisReadTask *task)
{
    struct redis_value *v;

    if (task->parent)
        return &items_of(task->parent->obj)[task->idx];
    v = redis_arena_take(arena_of(task), sizeof(*v));
    *v = (struct redis_value){ 0 };
    return v;
}

static struct str
copy(const redisReadTask *task, const char *text, size_t len)
{
    char *copied = redis_arena_take(arena_of(task), len + 1);

    memcpy(copied, text, len);
    copied[len] = '\0';
    return str_slice(copied, len);
}

static void *
create_string(const redisReadTask *task, char *text, size_t len)
{
    struct redis_value *v;
    enum redis_kind kind = REDIS_STRING;

    if (task->type == REDIS_REPLY_STATUS)
        kind = REDIS_STATUS;
    else if (task->type == REDIS_REPLY_ERROR)
        kind = REDIS_ERROR;
    else if (task->type != REDIS_REPLY_STRING)
        return NULL;
    v = place(task);
    v->kind = kind;
    v->text = copy(task, text, len);
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
    size_t elements = (size_t)count;
    struct redis_value *v, *items;

    if (elements > ELEMENTS_MAX || task->type != REDIS_REPLY_ARRAY || too_deep(task))
        return NULL;
    items = redis_arena_take(arena_of(task), elements * sizeof(*items));
    for (size_t i = 0; i < elements; i++)
        items[i] = (struct redis_value){ .kind = REDIS_NIL };
    v = place(task);
    v->kind = REDIS_ARRAY;
    v->items = items;
    v->count = elements;
    return v;
}

static void *
create_integer(const redisReadTask *task, long long integer)
{
    struct redis_value *v = place(task);

    v->kind = REDIS_INTEGER;
    v->integer = integer;
    return v;
}

static void *
create_nil(const redisReadTask *task)
{
    struct redis_value *v = place(task);

    v->kind = REDIS_NIL;
    return v;
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

void
redis_parser_init(struct redis_parser *p)
{
    p->reader = redisReaderCreateWithFunctions(&functions);
    ENSURE(p->reader);
    p->reader->privdata = p;
    p->arena = (struct redis_arena){ 0 };
}

void
redis_parser_fini(struct redis_parser *p)
{
    if (p->reader)
        redisReaderFree(p->reader);
    p->reader = NULL;
    redis_arena_fini(&p->arena);
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

enum redis_parse
redis_parser_next(struct redis_parser *p, const struct redis_value **out)
{
    void *value = NULL;

    if (redisReaderGetReply(p->reader, &value) != REDIS_OK)
        return REDIS_PARSE_BAD;
    if (!value)
        return REDIS_PARSE_MORE;
    p->under_way = p->reader->len - p->reader->pos;
    *out = value;
    return REDIS_PARSE_VALUE;
}

void
redis_parser_release(struct redis_parser *p)
{
    redis_arena_clear(&p->arena);
}
