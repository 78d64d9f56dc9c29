/* SPDX-License-Identifier: MIT */
/*
 * strays: a timer each.
 */
#include "strays.h"

#include <stdlib.h>

#include "base/mem.h"
#include "http/http_conn.h"
#include "http/http_request.h"
#include "net/loop.h"
#include "net/timer.h"

struct strays {
    struct loop *loop;
    uint64_t patience_ms;
};

/* Owned by its exchange's end. */
struct stray {
    struct strays *strays;
    struct http_exchange *exchange;
    struct timer patience;
};

static void
forget(struct stray *s)
{
    timer_stop(&s->patience);
    free(s);
}

static void
on_body(void *owner, struct http_exchange *x, struct str body)
{
    (void)owner, (void)x, (void)body;
}

static void
on_abort(void *owner, struct http_exchange *x, enum http_abort why)
{
    (void)x, (void)why;
    forget(owner);
}

static const struct http_exchange_handlers handlers = { .on_body = on_body, .on_abort = on_abort };

static void
on_due(void *owner)
{
    struct stray *s = owner;
    struct http_exchange *x = s->exchange;

    forget(s);
    http_exchange_destroy(x);
}

struct strays *
strays_open(struct loop *l, uint64_t patience_ms)
{
    struct strays *s = mem_zalloc(sizeof(*s));

    s->loop = l;
    s->patience_ms = patience_ms;
    return s;
}

void
strays_set_patience(struct strays *s, uint64_t patience_ms)
{
    s->patience_ms = patience_ms;
}

void
strays_close(struct strays *s)
{
    free(s);
}

bool
strays_offer(void *strays, struct http_exchange *x, const struct http_request *r)
{
    struct strays *all = strays;
    struct stray *s;

    if (!r->upgrade)
        return false;
    s = mem_zalloc(sizeof(*s));
    s->strays = all;
    s->exchange = x;
    timer_init(&s->patience, on_due, s);
    if (all->patience_ms > 0)
        timer_start(all->loop, &s->patience, all->patience_ms);
    http_exchange_take(x, HTTP_NO_BODY, &handlers, s);
    return true;
}
