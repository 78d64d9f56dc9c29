/* SPDX-License-Identifier: MIT */
/*
 * unclaimed: a timer each.
 */
#include "unclaimed.h"

#include <stdlib.h>

#include "base/mem.h"
#include "http/http_conn.h"
#include "http/http_request.h"
#include "net/loop.h"
#include "net/timer.h"

struct unclaimed {
    struct loop *loop;
    uint64_t patience_ms;
};

/* Freed when its exchange ends. */
struct unclaimed_upgrade {
    struct http_exchange *exchange;
    struct timer patience;
};

static void
unclaimed_on_body(void *owner, struct http_exchange *x, struct str body)
{
    (void)owner, (void)x, (void)body;
}

static void
unclaimed_on_abort(void *owner, struct http_exchange *x, enum http_abort why)
{
    struct unclaimed_upgrade *upgrade = owner;

    (void)x, (void)why;
    timer_stop(&upgrade->patience);
    free(upgrade);
}

static void
unclaimed_on_due(void *owner)
{
    struct unclaimed_upgrade *upgrade = owner;
    struct http_exchange *x = upgrade->exchange;

    free(upgrade);
    http_exchange_destroy(x);
}

struct unclaimed *
unclaimed_open(struct loop *l, uint64_t patience_ms)
{
    struct unclaimed *u = mem_zalloc(sizeof(*u));

    u->loop = l;
    u->patience_ms = patience_ms;
    return u;
}

void
unclaimed_set_patience(struct unclaimed *u, uint64_t patience_ms)
{
    u->patience_ms = patience_ms;
}

void
unclaimed_close(struct unclaimed *u)
{
    free(u);
}

bool
unclaimed_offer(void *unclaimed, struct http_exchange *x, const struct http_request *r)
{
    static const struct http_exchange_handlers handlers = { .on_body = unclaimed_on_body,
        .on_abort = unclaimed_on_abort };
    struct unclaimed *u = unclaimed;
    struct unclaimed_upgrade *upgrade;

    if (!r->upgrade)
        return false;
    upgrade = mem_zalloc(sizeof(*upgrade));
    upgrade->exchange = x;
    timer_init(&upgrade->patience, unclaimed_on_due, upgrade);
    if (u->patience_ms > 0)
        timer_start(u->loop, &upgrade->patience, u->patience_ms);
    http_exchange_take(x, HTTP_NO_BODY, &handlers, upgrade);
    return true;
}
