/* SPDX-License-Identifier: MIT */
/*
 * resolver: getaddrinfo on libuv's thread pool, from the end of the turn on: a loop that does not
 * run yet makes no threads.  An address needs no pool, which slow name servers may have filled: it
 * is converted and reported there.  So is a name that libuv will not look up: one that is too long,
 * or not UTF-8.
 */
#include "resolver.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop_priv.h"

/* DNS has no longer names; a sentence repeats less. */
enum { NAME_MAX_LEN = 255, NAME_SHOWN = 64 };

struct resolver {
    uv_getaddrinfo_t request; /* its data is the resolver */
    struct loop *loop;
    struct loop_task begin;
    struct addrinfo *numeric; /* NULL: it is not an address */
    bool in_pool;
    char *host;
    /* NULL: cancelled. */
    void (*on_list)(void *owner, const struct addrinfo *list, const char *error);
    void *owner;
};

static void
resolver_drop(void *object)
{
    struct resolver *r = object;

    if (r->numeric)
        freeaddrinfo(r->numeric);
    free(r->host);
    free(r);
}

/* The end of a look-up: list, or without one the reason.  The name may be anything that a peer
 * sent: it is shown as a log line would show it. */
static void
resolver_report(struct resolver *r, const struct addrinfo *list, const char *reason)
{
    struct str name = str_of(r->host);
    bool cut = name.len > NAME_SHOWN;
    struct buffer error = { 0 };

    loop_defer_free(r->loop, r, resolver_drop);
    if (!list) {
        name.len = cut ? NAME_SHOWN : name.len;
        buffer_printf(&error, "cannot resolve %s%s: %s", LOG_STR(name), cut ? "..." : "", reason);
        buffer_append_char(&error, '\0');
    }
    if (r->on_list)
        r->on_list(r->owner, list, error.data);
    buffer_fini(&error);
}

static void
on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct resolver *r = request->data;
    char reason[LOOP_ERROR_SIZE];

    ENSURE(r->in_pool && r->loop->look_ups > 0);
    r->loop->look_ups--;
    resolver_report(r, list, uv_strerror_r(status, reason, sizeof(reason)));
    uv_freeaddrinfo(list);
}

static void
resolver_on_begin(void *owner)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct resolver *r = owner;

    r->in_pool = r->on_list && !r->numeric && strlen(r->host) <= NAME_MAX_LEN &&
                 uv_getaddrinfo(&r->loop->uv, &r->request, on_resolved, r->host, NULL, &hints) == 0;
    if (r->in_pool)
        r->loop->look_ups++;
    else
        resolver_report(r, r->numeric, "it is not a valid host name");
}

struct resolver *
resolver_open(struct loop *l, const char *host,
    void (*on_list)(void *owner, const struct addrinfo *list, const char *error), void *owner)
{
    const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
    struct resolver *r = mem_zalloc(sizeof(*r));

    r->loop = l;
    r->host = mem_strdup(host);
    r->on_list = on_list;
    r->owner = owner;
    r->request.data = r;
    loop_task_init(&r->begin, resolver_on_begin, r);
    if (getaddrinfo(host, NULL, &hints, &r->numeric) != 0)
        r->numeric = NULL;
    loop_end_of_turn(l, &r->begin);
    return r;
}

/* A look-up that is running cannot be called back: its answer is ignored. */
void
resolver_cancel(struct resolver *r)
{
    if (!r)
        return;
    r->on_list = NULL;
    if (r->in_pool)
        uv_cancel((uv_req_t *)&r->request);
}
