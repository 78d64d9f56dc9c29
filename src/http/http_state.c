/* SPDX-License-Identifier: MIT */
/*
 * http_state: the states of a connection, for its reading side (http_conn) and its exchange.  The
 * picture is in http_conn_priv.h.
 */
#include "http_conn_priv.h"

#include <stdlib.h>

#include "base/budget.h"
#include "base/ensure.h"
#include "http_parser.h"

#define TO_THE_END (BIT(HTTP_CONN_CLOSING) | BIT(HTTP_CONN_GONE))

static const unsigned may_follow[] = {
    [HTTP_CONN_IDLE] = BIT(HTTP_CONN_HEAD) | TO_THE_END,
    [HTTP_CONN_HEAD] = BIT(HTTP_CONN_ASKING) | TO_THE_END,
    [HTTP_CONN_ASKING] = BIT(HTTP_CONN_IDLE) | BIT(HTTP_CONN_BODY) | TO_THE_END,
    [HTTP_CONN_BODY] = BIT(HTTP_CONN_IDLE) | BIT(HTTP_CONN_ANSWERING) | TO_THE_END,
    [HTTP_CONN_ANSWERING] = BIT(HTTP_CONN_IDLE) | TO_THE_END,
    [HTTP_CONN_CLOSING] = BIT(HTTP_CONN_GONE),
    [HTTP_CONN_GONE] = 0,
};

void
http_state_enter(struct http_conn *c, enum http_conn_state next)
{
    ENSURE(may_follow[c->state] & BIT(next));
    ENSURE(next >= HTTP_CONN_CLOSING || (c->exchange != NULL) == (next != HTTP_CONN_IDLE));
    c->state = next;
    if (next >= HTTP_CONN_ANSWERING)
        timer_stop(&c->limit);
    if (next >= HTTP_CONN_CLOSING)
        loop_task_cancel(&c->again);
}

void
http_state_account(struct http_conn *c)
{
    const struct http_exchange *x = c->exchange;
    size_t now = c->ahead.capacity + (x ? sizeof(*x) + http_parser_bytes(x->parser) : 0);

    budget_change(loop_budget(c->loop), c->held, now);
    c->held = now;
}

static void
conn_free(void *object)
{
    struct http_conn *c = object;

    ENSURE(c->state == HTTP_CONN_GONE && !c->exchange);
    buffer_fini(&c->ahead);
    http_state_account(c);
    budget_give(loop_budget(c->loop), sizeof(*c));
    free(c);
}

void
http_state_leave(struct http_conn *c)
{
    http_state_enter(c, HTTP_CONN_GONE);
    c->stream = NULL;
    loop_defer_free(c->loop, c, conn_free);
}

void
http_state_finish(struct http_conn *c)
{
    http_state_enter(c, HTTP_CONN_CLOSING);
    stream_finish(c->stream);
}

void
http_state_go_on(struct http_conn *c)
{
    if (c->state == HTTP_CONN_IDLE && !c->blocked && c->ahead.len > 0)
        loop_end_of_turn(c->loop, &c->again);
}

void
http_state_answered(struct http_conn *c, bool keep_open)
{
    if (c->state >= HTTP_CONN_CLOSING)
        return;
    if (!keep_open) {
        http_state_finish(c);
        return;
    }
    http_state_enter(c, HTTP_CONN_IDLE);
    c->bytes_out = stream_bytes_out(c->stream);
    timer_start(c->loop, &c->limit, c->limits->idle_timeout_ms);
    http_state_go_on(c);
}
