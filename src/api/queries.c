/* SPDX-License-Identifier: MIT */
/*
 * queries: the hub knows the node and the other nodes; what the process knows of itself is added
 * to its answer.
 */
#include "queries.h"

#include <stdlib.h>
#include <string.h>

#include "api_priv.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"
#include "channels/channels.h"
#include "errand.h"
#include "http/http_conn.h"
#include "http/http_request.h"
#include "hub/hub_link.h"
#include "memory.h"
#include "reply.h"

struct query {
    struct errand errand;
    enum query_kind kind;
    size_t name_len;
    char name[]; /* the channel, or the prefix of channels; decoded */
};

/* ---- the answer ---- */

static void
append_status(const struct api *a, struct str json, struct buffer *out)
{
    double seconds = (double)(clock_ms() - a->since_ms) / 1000;

    buffer_append(out, json.data, json.len - 1); /* its brace closes below */
    buffer_printf(out, ",\"uptime\":%.3f,\"memory_usage\":", seconds);
    memory_append(out);
    buffer_append_char(out, '}');
}

static void
append_health(const struct api *a, struct str json, struct buffer *out)
{
    buffer_printf(out, "{\"status\":\"%s\",", a->draining ? "draining" : "ok");
    buffer_append(out, json.data + 1, json.len - 1);
}

static void
on_json(void *owner, uint32_t token, struct bytes *json)
{
    struct query *q = owner;
    const struct api *a = q->errand.api;
    unsigned status = q->kind == QUERY_READY && a->draining ? 503 : 200;
    struct buffer body = { 0 };

    (void)token;
    switch (q->kind) {
    case QUERY_STATUS:
        append_status(a, bytes_str(json), &body);
        break;
    case QUERY_LIVE:
    case QUERY_READY:
        append_health(a, bytes_str(json), &body);
        break;
    case QUERY_CHANNELS:
    case QUERY_CHANNEL:
    case QUERY_USERS:
        buffer_append_str(&body, bytes_str(json));
        break;
    }
    errand_answer(&q->errand, status, buffer_str(&body));
    buffer_fini(&body);
}

/* ---- the question ---- */

static bool
wants_cluster(const struct query *q)
{
    struct str query = http_exchange_request(q->errand.exchange)->query, scope;

    return str_query_get(query, "scope", &scope) && str_is(scope, "cluster");
}

static void
on_body(struct errand *e, struct str body)
{
    static const enum hub_query asked[] = {
        [QUERY_STATUS] = HUB_QUERY_STATUS,
        [QUERY_CHANNELS] = HUB_QUERY_CHANNELS,
        [QUERY_CHANNEL] = HUB_QUERY_CHANNEL,
        [QUERY_USERS] = HUB_QUERY_USERS,
        [QUERY_LIVE] = HUB_QUERY_HEALTH,
        [QUERY_READY] = HUB_QUERY_HEALTH,
    };
    struct query *q = CONTAINER_OF(e, struct query, errand);
    const struct hub_question question = {
        .kind = asked[q->kind],
        .name = str_slice(q->name, q->name_len),
        .cluster = wants_cluster(q),
    };

    (void)body;
    e->token = hub_link_ask(e->api->hub, &question, on_json, q);
}

/* In a path '+' stands for itself. */
static size_t
decode_segment(struct str raw, char *out)
{
    size_t len = 0;

    while (raw.len > 0) {
        bool plus = memchr(raw.data, '+', raw.len) != NULL;

        len += str_url_decode(str_cut(raw, '+', &raw), out + len);
        if (plus)
            out[len++] = '+';
    }
    return len;
}

static struct query *
query_new(enum query_kind kind, struct str query, struct str channel)
{
    struct str prefix;
    struct query *q;

    if (kind != QUERY_CHANNELS || !str_query_get(query, "filter_by_prefix", &prefix))
        prefix = str_slice(NULL, 0);
    q = mem_zalloc(sizeof(*q) + prefix.len + channel.len);
    q->kind = kind;
    q->name_len =
        kind == QUERY_CHANNELS ? str_url_decode(prefix, q->name) : decode_segment(channel, q->name);
    return q;
}

void
queries_take(struct api *a, struct http_exchange *x, enum query_kind kind, struct str channel)
{
    struct query *q = query_new(kind, http_exchange_request(x)->query, channel);

    if (kind == QUERY_USERS && channels_kind(str_slice(q->name, q->name_len)) != CHANNEL_PRESENCE) {
        free(q);
        reply_refuse(a, x, 400, "User list is only possible for Presence Channels");
        return;
    }
    errand_begin(&q->errand, a, x, HTTP_NO_BODY, on_body);
}
