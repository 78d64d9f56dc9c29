/* SPDX-License-Identifier: MIT */
/*
 * redis_sentinel: a contact to one after the other.  The one that knew is asked first the next
 * time: settings remember it.
 */
#include "redis_sentinel.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/ensure.h"
#include "base/mem.h"
#include "net/loop.h"
#include "redis/redis_link.h"
#include "redis_contact.h"
#include "redis_reason.h"
#include "redis_settings.h"

/* Longer than any name, so that the resolver is the one to refuse it. */
enum { HOST_MAX = 1023, PORT_MAX = 65535 };

/* Freed at the end of the turn in which it is closed.  Until its last event it has a contact, and
 * fewer were asked than there are. */
struct redis_sentinel {
    struct loop *loop;
    struct redis_settings *settings;
    const struct redis_sentinel_handlers *handlers;
    void *owner;
    struct redis_contact *contact;
    size_t asked;
};

static void ask_next(struct redis_sentinel *n);

static void
sentinel_give_up(struct redis_sentinel *n, const char *reason)
{
    struct redis_settings *s = n->settings;

    redis_contact_close(n->contact);
    n->contact = NULL;
    s->first_sentinel = (s->first_sentinel + 1) % s->sentinels.count;
    if (++n->asked < s->sentinels.count)
        ask_next(n);
    else
        n->handlers->on_failed(n->owner, reason);
}

static void
sentinel_on_lost(void *owner, const char *reason)
{
    char text[REDIS_REASON_SIZE];

    snprintf(text, sizeof(text), "sentinel: %s", reason);
    sentinel_give_up(owner, text);
}

/* [host, port] as texts; nil: it knows no master of that name. */
static bool
read_master(const struct redis_value *v, char host[HOST_MAX + 1], unsigned *port)
{
    uint64_t number;

    if (v->kind != REDIS_ARRAY || v->count != 2 || v->items[0].kind != REDIS_STRING ||
        v->items[1].kind != REDIS_STRING || v->items[0].text.len > HOST_MAX ||
        !str_to_u64(v->items[1].text, PORT_MAX, &number))
        return false;
    snprintf(host, HOST_MAX + 1, "%.*s", STR_ARG(v->items[0].text));
    *port = (unsigned)number;
    return host[0] != '\0' && number > 0;
}

static void
sentinel_on_open(void *owner, const struct redis_value *answer)
{
    struct redis_sentinel *n = owner;
    char host[HOST_MAX + 1], reason[REDIS_REASON_SIZE];
    unsigned port;

    if (read_master(answer, host, &port)) {
        redis_contact_close(n->contact);
        n->contact = NULL;
        n->handlers->on_master(n->owner, host, port);
        return;
    }
    snprintf(reason, sizeof(reason),
        answer->kind == REDIS_ERROR
            ? "sentinel: %s does not name the master %s: it is not a sentinel, or the user may "
              "not ask, see databaseConfig.redis.sentinels"
            : "sentinel: %s knows no master called %s: see databaseConfig.redis.name",
        redis_contact_where(n->contact), n->settings->master);
    sentinel_give_up(n, reason);
}

static void
ask_next(struct redis_sentinel *n)
{
    static const struct redis_contact_handlers handlers = { .on_open = sentinel_on_open,
        .on_lost = sentinel_on_lost };
    struct redis_settings *s = n->settings;
    const struct redis_settings_node *node = &s->sentinels.items[s->first_sentinel];
    const struct redis_contact_options o = {
        .host = node->host,
        .port = node->port,
        .sentinel = true,
        .limit_ms = redis_settings_short_limit_ms(s),
        .question = (const struct str[]){ STR_LIT("SENTINEL"), STR_LIT("get-master-addr-by-name"),
            str_of(s->master) },
        .question_count = 3,
    };

    ENSURE(!n->contact && n->asked < s->sentinels.count);
    n->contact = redis_contact_open(n->loop, s, &o, &handlers, n);
}

struct redis_sentinel *
redis_sentinel_open(
    struct loop *l, struct redis_settings *s, const struct redis_sentinel_handlers *h, void *owner)
{
    struct redis_sentinel *n = mem_zalloc(sizeof(*n));

    n->loop = l;
    n->settings = s;
    n->handlers = h;
    n->owner = owner;
    ask_next(n);
    return n;
}

void
redis_sentinel_close(struct redis_sentinel *n)
{
    if (!n)
        return;
    redis_contact_close(n->contact);
    loop_defer_free(n->loop, n, free);
}
