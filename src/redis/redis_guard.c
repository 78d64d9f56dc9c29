/* SPDX-License-Identifier: MIT */
/*
 * redis_guard: between hiredis' reader and the functions that make its replies.  A function that
 * returns NULL ends the connection with REDIS_ERR_OOM, which nothing else does here.
 */
#include "redis_guard.h"

#include <string.h>

/* More than any command of ours is answered with.  hiredis before 1.0 has this depth too. */
enum { ELEMENTS_MAX = 1 << 20, DEPTH_MAX = 7 };

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

static bool
expected(const struct redis_guard *g, struct str pattern)
{
    size_t at = 0, len;

    while (at < g->patterns.len) {
        memcpy(&len, g->patterns.data + at, sizeof(len));
        at += sizeof(len);
        if (str_equal(str_slice(g->patterns.data + at, len), pattern))
            return true;
        at += len;
    }
    return false;
}

/* ["psubscribe", pattern, count] and ["pmessage", pattern, channel, payload], nothing else. */
static bool
push_element_allowed(struct redis_guard *g, const redisReadTask *task, struct str text)
{
    bool is_text = task->type == REDIS_REPLY_STRING;

    if (task->parent->parent)
        return false;
    switch (task->idx) {
    case 0:
        g->confirms = is_text && str_is(text, "psubscribe");
        return g->confirms || (is_text && str_is(text, "pmessage"));
    case 1:
        return is_text && (!g->confirms || expected(g, text));
    case 2:
        return g->confirms ? task->type == REDIS_REPLY_INTEGER : is_text;
    default:
        return is_text;
    }
}

/* The reply to a command, an error that precedes the end of the connection, or a push. */
static bool
reply_allowed(struct redis_guard *g, const redisReadTask *task, size_t elements)
{
    g->push = false;
    if (task->type == REDIS_REPLY_ERROR || g->context->replies.head)
        return true;
    g->push = (g->context->c.flags & REDIS_SUBSCRIBED) && task->type == REDIS_REPLY_ARRAY &&
              (elements == 3 || elements == 4);
    return g->push;
}

static bool
allowed(const redisReadTask *task, struct str text, size_t elements)
{
    struct redis_guard *g = task->privdata;

    if (!task->parent)
        return reply_allowed(g, task, elements);
    return !g->push || push_element_allowed(g, task, text);
}

static const redisReplyObjectFunctions *
real(const redisReadTask *task)
{
    const struct redis_guard *g = task->privdata;

    return g->real;
}

static void *
create_string(const redisReadTask *task, char *text, size_t len)
{
    return allowed(task, str_slice(text, len), 0) ? real(task)->createString(task, text, len)
                                                  : NULL;
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

    if (elements > ELEMENTS_MAX || task->type != REDIS_REPLY_ARRAY || too_deep(task))
        return NULL;
    return allowed(task, str_slice(NULL, 0), elements) ? real(task)->createArray(task, count)
                                                       : NULL;
}

static void *
create_integer(const redisReadTask *task, long long value)
{
    return allowed(task, str_slice(NULL, 0), 0) ? real(task)->createInteger(task, value) : NULL;
}

/* The task of a nil has the type of a string or an array; in a push there is none. */
static void *
create_nil(const redisReadTask *task)
{
    const struct redis_guard *g = task->privdata;

    if (task->parent && g->push)
        return NULL;
    return allowed(task, str_slice(NULL, 0), 0) ? real(task)->createNil(task) : NULL;
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

static void
refuse_resp3(redisReplyObjectFunctions *functions)
{
    functions->createDouble = refuse_double;
    functions->createBool = refuse_bool;
}
#else
static void
refuse_resp3(redisReplyObjectFunctions *functions)
{
    (void)functions;
}
#endif

void
redis_guard_install(struct redis_guard *g, redisAsyncContext *c)
{
    g->real = c->c.reader->fn;
    g->functions = *g->real;
    g->functions.createString = create_string;
    g->functions.createArray = create_array;
    g->functions.createInteger = create_integer;
    g->functions.createNil = create_nil;
    refuse_resp3(&g->functions);
    g->context = c;
    buffer_clear(&g->patterns);
    c->c.reader->fn = &g->functions;
    c->c.reader->privdata = g;
}

void
redis_guard_fini(struct redis_guard *g)
{
    buffer_fini(&g->patterns);
}

void
redis_guard_expect(struct redis_guard *g, struct str pattern)
{
    if (expected(g, pattern))
        return;
    buffer_append(&g->patterns, (const char *)&pattern.len, sizeof(pattern.len));
    buffer_append_str(&g->patterns, pattern);
}
