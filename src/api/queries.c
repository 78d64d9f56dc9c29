/* SPDX-License-Identifier: MIT */
/*
 * queries: the hub knows this node and the others; what the process knows of itself is added.
 */
#include "queries.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api_priv.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"
#include "channels/channels.h"
#include "errand.h"
#include "http/http_conn.h"
#include "http/http_request.h"
#include "reply.h"

enum { STATM_SIZE = 128 };

struct query {
    struct errand errand;
    struct api_query what;
    size_t name_len;
    char name[]; /* the channel, or the prefix of channels; decoded */
};

/* ---- the answer ---- */

/* /proc/self/statm, for the life of the process: the sandbox would not open it later. */
static int statm = -1;

void
queries_prepare(void)
{
    if (statm < 0)
        statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

/* Its second number; procfs answers without touching a disk. */
static uint64_t
resident_bytes(void)
{
    char text[STATM_SIZE] = "";
    ssize_t len = pread(statm, text, sizeof(text) - 1, 0);
    char *end = text;
    long page = sysconf(_SC_PAGESIZE);

    if (len <= 0)
        return 0;
    (void)strtoull(text, &end, 10);
    return strtoull(end, NULL, 10) * (uint64_t)page;
}

/* Under the names of Node: resident; of the allocator; in use of that; mapped by it for large
 * blocks. */
static void
append_memory(struct buffer *out)
{
    struct mallinfo2 info = mallinfo2();

    buffer_printf(out, "{\"rss\":%llu,\"heapTotal\":%zu,\"heapUsed\":%zu,\"external\":%zu}",
        (unsigned long long)resident_bytes(), info.arena, info.uordblks, info.hblkhd);
}

/* The hub's members, and what the process knows of itself. */
static void
query_on_members(void *owner, uint32_t token, struct bytes *members)
{
    struct query *q = owner;
    const struct api *a = q->errand.api;
    unsigned status = q->what.ready && a->draining ? 503 : 200;
    struct buffer body = { 0 };

    (void)token;
    buffer_append_char(&body, '{');
    if (q->what.kind == HUB_QUERY_HEALTH)
        buffer_printf(&body, "\"status\":\"%s\",", a->draining ? "draining" : "ok");
    buffer_append_str(&body, bytes_str(members));
    if (q->what.kind == HUB_QUERY_STATUS) {
        buffer_printf(
            &body, ",\"uptime\":%.3f,\"memory_usage\":", (double)(clock_ms() - a->since_ms) / 1000);
        append_memory(&body);
    }
    buffer_append_char(&body, '}');
    errand_answer(&q->errand, status, buffer_str(&body));
    buffer_fini(&body);
}

/* ---- the question ---- */

static bool
query_wants_cluster(const struct query *q)
{
    struct str query = http_exchange_request(q->errand.exchange)->query, scope;

    return str_query_get(query, "scope", &scope) && str_is(scope, "cluster");
}

static void
query_on_body(struct errand *e, struct str body)
{
    struct query *q = CONTAINER_OF(e, struct query, errand);
    const struct hub_question question = {
        .kind = q->what.kind,
        .name = str_slice(q->name, q->name_len),
        .cluster = query_wants_cluster(q),
    };

    (void)body;
    e->token = hub_link_ask(e->api->hub, &question, query_on_members, q);
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

void
queries_take(struct api *a, struct http_exchange *x, struct api_query what, struct str channel)
{
    bool lists = what.kind == HUB_QUERY_CHANNELS;
    struct str prefix;
    struct query *q;

    if (!lists || !str_query_get(http_exchange_request(x)->query, "filter_by_prefix", &prefix))
        prefix = str_slice(NULL, 0);
    q = mem_zalloc(sizeof(*q) + prefix.len + channel.len);
    q->what = what;
    q->name_len = lists ? str_url_decode(prefix, q->name) : decode_segment(channel, q->name);
    if (what.kind == HUB_QUERY_USERS &&
        channels_kind(str_slice(q->name, q->name_len)) != CHANNEL_PRESENCE) {
        free(q);
        reply_refuse(a, x, 400, "User list is only possible for Presence Channels");
        return;
    }
    errand_begin(&q->errand, a, x, HTTP_NO_BODY, query_on_body);
}
