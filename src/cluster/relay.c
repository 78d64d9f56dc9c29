/* SPDX-License-Identifier: MIT */
/*
 * relay: a line of fields for each op, and one reader for each.
 */
#include "relay.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/mem.h"
#include "cluster/fields.h"
#include "lease.h"
#include "redis/redis_link.h"
#include "json/json_scan.h"

#define PROTOCOL "1"

struct relay {
    struct relay_options options;
    struct buffer name; /* where it is published */
    struct buffer line;
    bool foreign; /* a message was not understood, and the log says so */
};

struct relay *
relay_new(const struct relay_options *o)
{
    struct relay *r = mem_zalloc(sizeof(*r));

    r->options = *o;
    buffer_append_str(&r->name, o->prefix);
    buffer_append_text(&r->name, "echo-server:relay");
    return r;
}

void
relay_free(struct relay *r)
{
    if (!r)
        return;
    buffer_fini(&r->name);
    buffer_fini(&r->line);
    free(r);
}

/* ---- what is heard ---- */

static bool
relay_hear_event(struct relay *r, struct str rest)
{
    struct str channel, except, text, args;

    if (!fields_take(&rest, &channel) || !fields_take(&rest, &except) || !fields_take(&rest, &text))
        return false;
    if (!str_starts(text, "42[") || !json_scan_whole(str_slice(text.data + 2, text.len - 2), &args))
        return false;
    r->options.events.on_relayed(r->options.events.owner, channel, text, except);
    return true;
}

static bool
relay_hear_ask(struct relay *r, struct str from, struct str rest)
{
    struct cluster_question q = { .from = from };

    if (!fields_take_u64(&rest, &q.token) || !fields_take_u64(&rest, &q.kind) ||
        !fields_take(&rest, &q.name))
        return false;
    r->options.respondent.on_question(r->options.respondent.owner, &q);
    return true;
}

static bool
relay_hear_answer(struct relay *r, struct str rest)
{
    struct str to, body;
    uint64_t token;

    if (!fields_take(&rest, &to))
        return false;
    if (!str_equal(to, r->options.node))
        return true;
    if (!fields_take_u64(&rest, &token) || !fields_take(&rest, &body))
        return false;
    r->options.respondent.on_answer(r->options.respondent.owner, token, body);
    return true;
}

static void
relay_complain(struct relay *r, const char *why)
{
    if (!r->foreign)
        log_warning("ignoring a message of another node reason=%s", LOG_STR(str_of(why)));
    r->foreign = true;
}

void
relay_message(struct relay *r, struct str payload)
{
    struct str protocol, from, op;
    bool understood = true;

    if (!fields_take(&payload, &protocol) || !str_is(protocol, PROTOCOL)) {
        relay_complain(r, "it uses another protocol version");
        return;
    }
    if (!fields_take(&payload, &from) || !fields_take(&payload, &op)) {
        relay_complain(r, "it is damaged");
        return;
    }
    if (str_equal(from, r->options.node))
        return;
    lease_heard(r->options.lease, from);
    if (str_is(op, "event"))
        understood = relay_hear_event(r, payload);
    else if (str_is(op, "ask"))
        understood = relay_hear_ask(r, from, payload);
    else if (str_is(op, "answer"))
        understood = relay_hear_answer(r, payload);
    if (!understood)
        relay_complain(r, "it is damaged");
}

/* ---- what is said ---- */

static struct buffer *
relay_line(struct relay *r, const char *op)
{
    buffer_clear(&r->line);
    fields_put(&r->line, STR_LIT(PROTOCOL));
    fields_put(&r->line, r->options.node);
    fields_put(&r->line, str_of(op));
    return &r->line;
}

static bool
relay_publish(struct relay *r)
{
    const struct str argv[] = { STR_LIT("PUBLISH"), buffer_str(&r->name), buffer_str(&r->line) };

    return redis_link_command(r->options.link, argv, COUNT_OF(argv), NULL, NULL);
}

bool
relay_hello(struct relay *r)
{
    relay_line(r, "hello");
    return relay_publish(r);
}

bool
relay_event(struct relay *r, struct str channel, struct bytes *text, struct str except)
{
    struct buffer *line = relay_line(r, "event");

    fields_put(line, channel);
    fields_put(line, except);
    fields_put(line, bytes_str(text));
    return relay_publish(r);
}

bool
relay_ask(struct relay *r, uint64_t token, uint64_t kind, struct str name)
{
    struct buffer *line = relay_line(r, "ask");

    fields_put_u64(line, token);
    fields_put_u64(line, kind);
    fields_put(line, name);
    return relay_publish(r);
}

bool
relay_answer(struct relay *r, struct str to, uint64_t token, struct str body)
{
    struct buffer *line = relay_line(r, "answer");

    fields_put(line, to);
    fields_put_u64(line, token);
    fields_put(line, body);
    return relay_publish(r);
}
