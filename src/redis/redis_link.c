/* SPDX-License-Identifier: MIT */
/*
 * redis_link: when to connect and to whom, and what the owner sees of it.
 *
 *   one server   contact
 *   sentinels    redis_sentinel --master--> contact
 *   a cluster    contact to any node --slots--> redis_cluster: a contact to each master
 *                                   `--to subscribe: stays there
 */
#include "redis/redis_link.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/timer.h"
#include "redis_cluster.h"
#include "redis_contact.h"
#include "redis_reason.h"
#include "redis_request.h"
#include "redis_sentinel.h"
#include "redis_settings.h"
#include "redis_slots.h"

enum {
    RETRY_FIRST_MS = 100,
    RETRY_LAST_MS = 2000,
    STEADY_MS = 5000, /* a link that was ready for so long begins anew with the first delay */
};

/*
 *   WAITING --back-off--> SEEKING ----> READY
 *      ^                     |            |
 *      `---------------------'------------'
 *
 * WAITING  nothing but the timer.
 * SEEKING  on the way to a server that serves.
 * READY    the owner may use it.
 * CLOSED   the owner is gone.
 */
enum state { LINK_WAITING, LINK_SEEKING, LINK_READY, LINK_CLOSED };

static const unsigned may_follow[] = {
    [LINK_WAITING] = BIT(LINK_SEEKING) | BIT(LINK_CLOSED),
    [LINK_SEEKING] = BIT(LINK_READY) | BIT(LINK_WAITING) | BIT(LINK_CLOSED),
    [LINK_READY] = BIT(LINK_WAITING) | BIT(LINK_CLOSED),
    [LINK_CLOSED] = 0,
};

/*
 * Freed at the end of the turn in which it is closed; its contact goes before it.  At most one of
 * sentinel, contact and cluster is there: none while WAITING and when CLOSED, and when READY not
 * the sentinel.
 */
struct redis_link {
    struct loop *loop;
    const struct redis_link_handlers *handlers;
    void *owner;
    struct redis_settings settings;

    enum state state;
    struct timer backoff;
    unsigned attempts; /* since it was steady */
    uint64_t ready_at_ms;
    bool paused;
    struct redis_sentinel *sentinel;
    struct redis_contact *contact;
    struct redis_cluster *cluster;
    struct redis_settings_nodes known; /* of a cluster, by its last answer */
    size_t turn;                       /* which of the known nodes, and the seeds, is next */
    size_t failures;                   /* in a row */
    char reported[REDIS_REASON_SIZE];  /* on_down's last reason; "" after on_ready */
};

/* The only place that writes r->state. */
static void
link_enter(struct redis_link *r, enum state next)
{
    int ways = !!r->sentinel + !!r->contact + !!r->cluster;

    ENSURE(may_follow[r->state] & BIT(next));
    ENSURE(next == LINK_READY ? ways == 1 && !r->sentinel : ways == 0);
    r->state = next;
}

/* The owner may use the contact, or the cluster, which is the only one there is. */
static void
link_succeed(void *owner)
{
    struct redis_link *r = owner;

    link_enter(r, LINK_READY);
    r->ready_at_ms = loop_now_ms(r->loop);
    r->reported[0] = '\0';
    r->failures = 0;
    if (r->handlers->on_ready)
        r->handlers->on_ready(r->owner);
}

/* ---- losses ---- */

static unsigned
next_delay_ms(struct redis_link *r)
{
    unsigned delay_ms = RETRY_LAST_MS;

    if (r->state == LINK_READY && loop_now_ms(r->loop) - r->ready_at_ms >= STEADY_MS)
        r->attempts = 0;
    if (r->attempts < 6)
        delay_ms = (unsigned)RETRY_FIRST_MS << r->attempts;
    if (delay_ms > RETRY_LAST_MS)
        delay_ms = RETRY_LAST_MS;
    r->attempts++;
    return delay_ms / 2 + digest_random_below(delay_ms / 2 + 1);
}

static void
link_let_go(struct redis_link *r)
{
    redis_sentinel_close(r->sentinel);
    redis_contact_close(r->contact);
    redis_cluster_close(r->cluster);
    r->sentinel = NULL;
    r->contact = NULL;
    r->cluster = NULL;
}

/* How many servers there are to try. */
static size_t
count_servers(const struct redis_link *r)
{
    if (r->settings.sentinels.count > 0 || r->settings.path)
        return 1;
    return r->known.count + r->settings.seeds.count;
}

/* Whatever the link had is over, and requests under way have been told.  Of several servers that
 * are tried in turn, the owner is told once none was there. */
static void
link_on_lost(void *owner, const char *reason)
{
    struct redis_link *r = owner;
    bool was_ready = r->state == LINK_READY;

    link_let_go(r);
    timer_start(r->loop, &r->backoff, next_delay_ms(r));
    link_enter(r, LINK_WAITING);
    r->turn++;
    r->failures++;
    if (!was_ready && (r->failures < count_servers(r) || strcmp(reason, r->reported) == 0))
        return;
    r->failures = 0;
    snprintf(r->reported, sizeof(r->reported), "%s", reason);
    if (r->handlers->on_down)
        r->handlers->on_down(r->owner, r->reported);
}

/* ---- what comes ---- */

static void
link_on_message(void *owner, struct str channel, struct str payload)
{
    struct redis_link *r = owner;

    if (r->handlers->on_message)
        r->handlers->on_message(r->owner, channel, payload);
}

static void
link_on_subscribed(void *owner)
{
    struct redis_link *r = owner;

    if (r->handlers->on_subscribed)
        r->handlers->on_subscribed(r->owner);
}

/* ---- an answer: the master that the sentinels named ---- */

/* A user that may not ask for the ROLE is told the truth by the first write. */
static void
on_master_open(struct redis_link *r, const struct redis_value *answer)
{
    char reason[REDIS_REASON_SIZE];
    bool is_role = answer->kind == REDIS_ARRAY && answer->count > 0;

    if (!is_role || str_is(answer->items[0].text, "master")) {
        link_succeed(r);
        return;
    }
    snprintf(reason, sizeof(reason), "%s is not a master yet, though the sentinels say so",
        redis_contact_where(r->contact));
    redis_contact_fall(r->contact, reason);
}

/* ---- an answer: a server, or any node of a cluster ---- */

static const struct redis_settings_node *
this_server(const struct redis_link *r)
{
    size_t at = r->turn % (r->known.count + r->settings.seeds.count);

    if (at < r->known.count)
        return &r->known.items[at];
    return &r->settings.seeds.items[at - r->known.count];
}

/* Whether the answer is that of a node of a cluster; then its nodes are known from now on. */
static bool
learn_nodes(struct redis_link *r, const struct redis_value *answer, const char *host)
{
    struct redis_slots *slots = mem_zalloc(sizeof(*slots));
    bool in_cluster = redis_slots_read(slots, answer, host) && slots->nodes.count > 0;

    if (in_cluster) {
        redis_settings_clear_nodes(&r->known);
        r->known = slots->nodes;
        slots->nodes = (struct redis_settings_nodes){ 0 };
        r->turn = 0;
    }
    redis_slots_fini(slots);
    free(slots);
    return in_cluster;
}

/*
 * An error is the answer of a server on its own, and so is an empty list of slots, unless other
 * nodes are known: then this one has left their cluster.  The node that answered may not be a
 * master, so its contact goes where commands need one to each.
 */
static void
on_server_open(struct redis_link *r, const struct redis_value *answer)
{
    static const struct redis_cluster_handlers handlers = { link_succeed, link_on_lost };
    char *host = mem_strdup(r->settings.path ? "localhost" : this_server(r)->host);

    if (answer->kind == REDIS_ARRAY && answer->count == 0 && r->known.count > 0) {
        redis_contact_fall(r->contact, "a node has left the cluster");
    } else if (learn_nodes(r, answer, host) && !r->handlers->on_message) {
        redis_contact_close(r->contact);
        r->contact = NULL;
        r->cluster = redis_cluster_open(r->loop, &r->settings,
            &(struct redis_cluster_options){ .slots = answer, .host = host }, &handlers, r);
    } else {
        link_succeed(r);
    }
    free(host);
}

/* ---- attempts ---- */

static void
link_on_open(void *owner, const struct redis_value *answer)
{
    struct redis_link *r = owner;

    if (r->settings.sentinels.count > 0)
        on_master_open(r, answer);
    else
        on_server_open(r, answer);
}

static void
open_contact(struct redis_link *r, const struct redis_contact_options *o)
{
    static const struct redis_contact_handlers handlers = {
        .on_open = link_on_open,
        .on_lost = link_on_lost,
        .on_message = link_on_message,
        .on_subscribed = link_on_subscribed,
    };

    r->contact = redis_contact_open(r->loop, &r->settings, o, &handlers, r);
    redis_contact_pause(r->contact, r->paused);
}

static void
on_master(void *owner, const char *host, unsigned port)
{
    struct redis_link *r = owner;
    const struct redis_contact_options o = {
        .host = host,
        .port = port,
        .limit_ms = r->settings.connect_timeout_ms,
        .question = &STR_LIT("ROLE"),
        .question_count = 1,
    };

    redis_sentinel_close(r->sentinel);
    r->sentinel = NULL;
    open_contact(r, &o);
}

static void
try_server(struct redis_link *r)
{
    const struct redis_settings *s = &r->settings;
    const struct redis_settings_node *server = s->path ? NULL : this_server(r);
    const struct redis_contact_options o = {
        .host = server ? server->host : NULL,
        .port = server ? server->port : 0,
        .path = s->path,
        .limit_ms = count_servers(r) > 1 ? redis_settings_short_limit_ms(s) : s->connect_timeout_ms,
        .question = (const struct str[]){ STR_LIT("CLUSTER"), STR_LIT("SLOTS") },
        .question_count = 2,
    };

    open_contact(r, &o);
}

static void
link_attempt(void *owner)
{
    static const struct redis_sentinel_handlers handlers = { on_master, link_on_lost };
    struct redis_link *r = owner;

    link_enter(r, LINK_SEEKING);
    if (r->settings.sentinels.count > 0)
        r->sentinel = redis_sentinel_open(r->loop, &r->settings, &handlers, r);
    else
        try_server(r);
}

/* ---- the owner's side ---- */

struct redis_link *
redis_link_open(
    struct loop *l, const struct redis_options *o, const struct redis_link_handlers *h, void *owner)
{
    struct redis_link *r = mem_zalloc(sizeof(*r));

    r->loop = l;
    r->handlers = h;
    r->owner = owner;
    redis_settings_init(&r->settings, o);
    timer_init(&r->backoff, link_attempt, r);
    link_attempt(r);
    return r;
}

static void
link_drop(void *object)
{
    struct redis_link *r = object;

    redis_settings_clear_nodes(&r->known);
    redis_settings_fini(&r->settings);
    free(r);
}

void
redis_link_close(struct redis_link *r)
{
    if (!r || r->state == LINK_CLOSED)
        return;
    link_let_go(r);
    link_enter(r, LINK_CLOSED);
    timer_stop(&r->backoff);
    loop_defer_free(r->loop, r, link_drop);
}

bool
redis_link_ready(const struct redis_link *r)
{
    if (r->state != LINK_READY)
        return false;
    return r->cluster ? redis_cluster_is_open(r->cluster) : redis_contact_is_open(r->contact);
}

const char *
redis_link_where(const struct redis_link *r)
{
    return r->contact ? redis_contact_where(r->contact) : "";
}

void
redis_link_restart(struct redis_link *r, const char *reason)
{
    if (r->contact)
        redis_contact_fall(r->contact, reason);
    if (r->cluster)
        redis_cluster_fall(r->cluster, reason);
}

void
redis_link_pause(struct redis_link *r)
{
    r->paused = true;
    if (r->contact)
        redis_contact_pause(r->contact, true);
}

void
redis_link_resume(struct redis_link *r)
{
    r->paused = false;
    if (r->contact)
        redis_contact_pause(r->contact, false);
}

void
redis_link_psubscribe(struct redis_link *r, struct str pattern)
{
    if (redis_link_ready(r) && r->contact)
        redis_contact_psubscribe(r->contact, pattern);
}

bool
redis_link_command(struct redis_link *r, const struct str *argv, size_t argc,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner)
{
    struct bytes *request;
    bool sent;

    if (!redis_link_ready(r))
        return false;
    if (r->cluster)
        return redis_cluster_command(r->cluster, argv, argc, on_reply, owner);
    request = redis_request_new(argv, argc);
    sent = redis_contact_send(r->contact, request, on_reply, owner);
    bytes_unref(request);
    return sent;
}

void
redis_link_escape_pattern(struct str name, struct buffer *out)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] != '\0' && strchr("*?[]\\", name.data[i]))
            buffer_append_char(out, '\\');
        buffer_append_char(out, name.data[i]);
    }
}
