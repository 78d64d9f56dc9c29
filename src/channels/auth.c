/* SPDX-License-Identifier: MIT */
/*
 * auth: an ask's way from the queue to the application and back, as often as it takes.
 */
#include "channels/auth.h"

#include <stdlib.h>

#include "auth_answer.h"
#include "auth_queue.h"
#include "auth_request.h"
#include "base/budget.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "channels/auth_target.h"
#include "http/http_client.h"
#include "net/loop.h"
#include "net/shares.h"
#include "net/timer.h"

enum {
    /* Below the 5 s after which Apache and Node drop an idle connection. */
    IDLE_MS = 4000,
    RETRY_FIRST_MS = 250,
    RETRY_DOUBLINGS = 4,
    SHARE = 2,
};

struct auth {
    struct loop *loop;
    struct auth_limits limits;
    const struct auth_target *target;
    struct http_client *client;
    struct auth_queue queue;
    struct list held;   /* asks */
    unsigned in_flight; /* SENT or HELD */
    size_t asks;        /* in every state but DONE */
    struct loop_task pump;
    struct buffer scratch;
};

/*
 * QUEUED ---a slot is free---> SENT ---answered, or failed for good----------> DONE
 *   ^                          | |                                              ^
 *   |                          | `--cancelled, or too late--> HELD --call over--'
 *   `--------- RESTING <-------'  failed in a way that may pass
 *
 *   Cancelling makes DONE of QUEUED and RESTING, and of SENT as long as there is no connection.
 *
 * QUEUED   in its line.
 * SENT     call is under way and takes one of the slots; the timer is authTimeout.
 * HELD     the verdict was given, or is not wanted any more, but the application may be at work:
 *          call keeps its slot.  In a->held; line is NULL once that is gone.
 * RESTING  the timer runs; no slot is taken.
 * DONE     the verdict was given, or is not wanted any more; freed at the end of the turn.
 */
enum ask_state { ASK_QUEUED, ASK_SENT, ASK_HELD, ASK_RESTING, ASK_DONE };

/* Owned by auth; whoever asked may name it until the verdict or auth_cancel(). */
struct auth_ask {
    struct list node; /* in line->waiting while QUEUED, in auth->held while HELD */
    struct auth *auth;
    struct auth_line *line;
    struct share *share; /* where it counts */
    enum ask_state state;
    struct http_call *call; /* while SENT or HELD */
    struct timer timer;
    unsigned failures;
    uint64_t give_up_ms; /* after the first failure */
    bool hopeless;       /* RESTING only to give its verdict in a later turn */
    void (*on_verdict)(void *owner, const struct auth_verdict *v);
    void *owner;
    struct buffer cause;
    struct auth_question question; /* until it is HELD or DONE */
};

static const unsigned may_follow[] = {
    [ASK_QUEUED] = BIT(ASK_SENT) | BIT(ASK_RESTING) | BIT(ASK_DONE),
    [ASK_SENT] = BIT(ASK_HELD) | BIT(ASK_RESTING) | BIT(ASK_DONE),
    [ASK_HELD] = BIT(ASK_DONE),
    [ASK_RESTING] = BIT(ASK_QUEUED) | BIT(ASK_DONE),
    [ASK_DONE] = 0,
};

static unsigned
auth_slots(const struct auth *a)
{
    return a->limits.in_flight > 0 ? a->limits.in_flight : 1;
}

static void
ask_return_slot(struct auth_ask *ask)
{
    struct auth *a = ask->auth;

    ask->call = NULL;
    ENSURE(a->in_flight > 0);
    a->in_flight--;
    shares_give_back(ask->share, SHARES_REQUESTS);
    if (ask->line) {
        ENSURE(ask->line->in_flight > 0);
        ask->line->in_flight--;
    }
    loop_end_of_turn(a->loop, &a->pump);
}

/* The only place that writes ask->state, and counts the slots. */
static void
ask_enter(struct auth_ask *ask, enum ask_state next)
{
    struct auth *a = ask->auth;

    ENSURE(may_follow[ask->state] & BIT(next));
    timer_stop(&ask->timer);
    if (ask->state == ASK_QUEUED)
        auth_queue_remove(ask->line, &ask->node);
    if (ask->state == ASK_HELD)
        list_remove(&ask->node);
    if (ask->state == ASK_HELD || (ask->state == ASK_SENT && next != ASK_HELD))
        ask_return_slot(ask);
    ask->state = next;
    if (next == ASK_SENT) {
        a->in_flight++;
        shares_take(ask->share, SHARES_REQUESTS);
        ask->line->in_flight++;
    }
    if (next == ASK_HELD)
        list_append(&a->held, &ask->node);
    if (next == ASK_QUEUED) {
        auth_queue_add(&a->queue, ask->line, &ask->node, auth_slots(a));
        loop_end_of_turn(a->loop, &a->pump);
    }
}

static void
ask_free(void *object)
{
    struct auth_ask *ask = object;

    buffer_fini(&ask->cause);
    free(ask);
}

static void
ask_finish(struct auth_ask *ask)
{
    struct auth *a = ask->auth;

    ENSURE(a->asks > 0);
    ask_enter(ask, ASK_DONE);
    ask->line = NULL;
    shares_give_back(ask->share, SHARES_QUESTIONS);
    a->asks--;
    budget_give(loop_budget(a->loop), sizeof(*ask));
    loop_defer_free(a->loop, ask, ask_free);
}

static size_t
ask_cost(const struct auth_question *q)
{
    return sizeof(struct auth_ask) + q->own_bytes;
}

void
auth_cancel(struct auth_ask *ask)
{
    size_t bytes = ask_cost(&ask->question);

    ENSURE(ask->state != ASK_HELD && ask->state != ASK_DONE && ask->line->bytes >= bytes);
    ask->line->bytes -= bytes;
    if (ask->call && http_client_abandon(ask->call))
        ask_enter(ask, ASK_HELD);
    else
        ask_finish(ask);
}

/* Calls up. */
static void
ask_give_verdict(struct auth_ask *ask, unsigned status, struct str body)
{
    struct auth_verdict v = { .status = status, .body = body };

    if (status == 0) {
        buffer_append_char(&ask->cause, '\0');
        v.cause = ask->cause.data;
    }
    auth_cancel(ask);
    ask->on_verdict(ask->owner, &v);
}

/* False when the time for another attempt is over. */
static bool
ask_retry_later(struct auth_ask *ask)
{
    struct auth *a = ask->auth;
    unsigned doublings = ask->failures < RETRY_DOUBLINGS ? ask->failures : RETRY_DOUBLINGS;
    uint32_t mean_ms = (uint32_t)RETRY_FIRST_MS << doublings;
    uint64_t delay_ms = mean_ms / 2 + digest_random_below(mean_ms);

    if (ask->failures++ == 0)
        ask->give_up_ms = loop_now_ms(a->loop) + a->limits.retry_ms;
    if (loop_now_ms(a->loop) + delay_ms > ask->give_up_ms)
        return false;
    ask_enter(ask, ASK_RESTING);
    timer_start(a->loop, &ask->timer, delay_ms);
    return true;
}

static void
ask_explain(struct auth_ask *ask, const struct http_answer *answer)
{
    const char *error = answer->error ? answer->error : "";

    buffer_clear(&ask->cause);
    switch (answer->result) {
    case HTTP_CALL_ANSWERED:
        return;
    case HTTP_CALL_UNREACHABLE:
        buffer_printf(&ask->cause, "authHost cannot be reached: %s", error);
        return;
    case HTTP_CALL_UNTRUSTED:
        buffer_printf(&ask->cause,
            "the certificate of authHost is not trusted: %s (authCaPath names further authorities; "
            "authVerifyTls: false is for development)",
            error);
        return;
    case HTTP_CALL_BROKEN:
        buffer_printf(&ask->cause, "the answer of authHost was incomplete: %s", error);
        return;
    case HTTP_CALL_TIMEOUT:
        buffer_printf(&ask->cause, "no answer from authHost within %llu ms (authTimeout)",
            (unsigned long long)ask->auth->limits.timeout_ms);
        return;
    }
}

static void
ask_on_done(void *owner, const struct http_answer *answer)
{
    struct auth_ask *ask = owner;

    ask->call = NULL;
    if (ask->state == ASK_HELD) {
        ask_finish(ask);
        return;
    }
    if (auth_answer_is_passing(answer) && ask_retry_later(ask))
        return;
    if (auth_answer_is_page(answer)) {
        buffer_clear(&ask->cause);
        buffer_append_text(&ask->cause, "authHost answered with an HTML page, not with a verdict: "
                                        "is it the application, and authEndpoint its route?");
        ask_give_verdict(ask, 0, STR_LIT(""));
        return;
    }
    ask_explain(ask, answer);
    ask_give_verdict(ask, answer->result == HTTP_CALL_ANSWERED ? answer->status : 0, answer->body);
}

static void
ask_on_timer(void *owner)
{
    static const struct http_answer late = { .result = HTTP_CALL_TIMEOUT };
    struct auth_ask *ask = owner;

    if (ask->state == ASK_RESTING && !ask->hopeless) {
        ask_enter(ask, ASK_QUEUED);
        return;
    }
    if (ask->state == ASK_SENT)
        ask_explain(ask, &late);
    ask_give_verdict(ask, 0, STR_LIT(""));
}

/* The request is made when it is sent: tens of thousands may wait. */
static void
ask_send(struct auth_ask *ask)
{
    struct auth *a = ask->auth;
    const struct auth_options *o = &a->target->options;
    struct buffer *headers = &a->scratch, body = { 0 };
    const char *fault = NULL;
    struct http_origin origin;
    struct http_call_request r = {
        .origin = &origin,
        .path = str_of(o->endpoint),
        .answer_limit = a->limits.answer_bytes,
        .timeout_ms = a->limits.timeout_ms > AUTH_HOLD_MS ? a->limits.timeout_ms : AUTH_HOLD_MS,
    };

    buffer_clear(headers);
    if (!auth_target_choose(o->hosts, o->host_count, ask->question.referer, &origin))
        fault = "what authHost names for this page is not an http or https URL";
    else if (auth_request_headers(&ask->question, &a->limits, headers) != AUTH_OK)
        fault = "auth.headers is too large since a reload"; /* of authForwardHeaders */
    if (fault) {
        buffer_append_text(&ask->cause, fault);
        ask->hopeless = true;
        ask_enter(ask, ASK_RESTING);
        timer_start(a->loop, &ask->timer, 0);
        return;
    }
    auth_request_body(ask->question.channel, &body);
    r.headers = buffer_str(headers);
    r.body = buffer_str(&body);
    ask_enter(ask, ASK_SENT);
    timer_start(a->loop, &ask->timer, a->limits.timeout_ms);
    ask->call = http_client_post(a->client, &r, ask_on_done, ask);
    buffer_fini(&body);
}

/*
 * A line has at most SHARE requests under way for each slot that is left: so a line that asks
 * without end an application that does not answer leaves some to the others.
 */
static void
auth_pump(void *owner)
{
    struct auth *a = owner;
    unsigned slots = auth_slots(a);

    while (a->in_flight < slots) {
        struct list *node = auth_queue_take(&a->queue, (slots - a->in_flight) * SHARE, slots);

        if (!node)
            return;
        ask_send(LIST_ENTRY(node, struct auth_ask, node));
    }
}

struct auth *
auth_open(struct loop *l, const struct auth_target *target, const struct auth_limits *limits)
{
    struct auth *a = mem_zalloc(sizeof(*a));

    a->loop = l;
    a->limits = *limits;
    a->target = target;
    auth_queue_init(&a->queue);
    list_init(&a->held);
    loop_task_init(&a->pump, auth_pump, a);
    a->client = http_client_open(l, target->tls, target->tls_loopback, IDLE_MS);
    return a;
}

void
auth_set_target(struct auth *a, const struct auth_target *target)
{
    a->target = target;
    http_client_set_tls(a->client, target->tls, target->tls_loopback);
}

void
auth_set_limits(struct auth *a, const struct auth_limits *limits)
{
    a->limits = *limits;
    loop_end_of_turn(a->loop, &a->pump);
}

void
auth_close(struct auth *a)
{
    if (!a)
        return;
    while (!list_empty(&a->held)) {
        struct auth_ask *ask = LIST_ENTRY(a->held.next, struct auth_ask, node);

        http_client_cancel(ask->call);
        ask_finish(ask);
    }
    ENSURE(a->asks == 0 && a->in_flight == 0 && auth_queue_empty(&a->queue));
    loop_task_cancel(&a->pump);
    http_client_close(a->client);
    buffer_fini(&a->scratch);
    free(a);
}

void
auth_line_init(struct auth_line *line)
{
    list_init(&line->node);
    list_init(&line->waiting);
    line->share = NULL;
    line->in_flight = 0;
    line->bytes = 0;
}

void
auth_line_fini(struct auth *a, struct auth_line *line)
{
    ENSURE(list_empty(&line->waiting) && line->bytes == 0);
    if (line->in_flight == 0)
        return;
    LIST_EACH(node, &a->held) {
        struct auth_ask *ask = LIST_ENTRY(node, struct auth_ask, node);

        if (ask->line == line)
            ask->line = NULL;
    }
}

enum auth_refusal
auth_begin(struct auth *a, const struct auth_question *q,
    void (*on_verdict)(void *owner, const struct auth_verdict *v), void *owner,
    struct auth_ask **out)
{
    enum auth_refusal refusal;
    struct auth_ask *ask;

    *out = NULL;
    buffer_clear(&a->scratch);
    refusal = auth_request_headers(q, &a->limits, &a->scratch);
    if (refusal != AUTH_OK)
        return refusal;
    if (q->line->bytes + ask_cost(q) > AUTH_LINE_BYTES_MAX)
        return AUTH_QUEUE_FULL;
    ask = mem_zalloc(sizeof(*ask));
    budget_take(loop_budget(a->loop), sizeof(*ask));
    ask->auth = a;
    ask->line = q->line;
    ask->share = ask->line->share = q->share;
    shares_take(q->share, SHARES_QUESTIONS);
    ask->state = ASK_RESTING;
    ask->question = *q;
    ask->on_verdict = on_verdict;
    ask->owner = owner;
    list_init(&ask->node);
    timer_init(&ask->timer, ask_on_timer, ask);
    q->line->bytes += ask_cost(q);
    a->asks++;
    ask_enter(ask, ASK_QUEUED);
    *out = ask;
    return AUTH_OK;
}
