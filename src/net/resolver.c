/* SPDX-License-Identifier: MIT */
/*
 * resolver: getaddrinfo on libuv's thread pool.  An address needs no pool, which slow name servers
 * may have filled: it is converted at once and reported at the end of the turn.  So is a name that
 * libuv will not ask for: one that is too long, or not UTF-8.
 */
#include "resolver.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop_priv.h"

/* DNS has no longer names; a sentence repeats less. */
enum { NAME_MAX_LEN = 255, NAME_SHOWN = 64 };

struct resolver {
    uv_getaddrinfo_t request; /* its data is the resolver */
    struct loop *loop;
    struct loop_task at_once; /* for an address, and for what is not even a name */
    struct addrinfo *numeric; /* NULL: it is not an address */
    bool in_pool;
    char *host;
    /* NULL: cancelled. */
    void (*on_list)(void *owner, const struct addrinfo *list, const char *error);
    void *owner;
};

static void
drop(void *object)
{
    struct resolver *r = object;

    if (r->numeric)
        freeaddrinfo(r->numeric);
    free(r->host);
    free(r);
}

static void
report(struct resolver *r, const struct addrinfo *list, const char *error)
{
    if (r->on_list)
        r->on_list(r->owner, list, error);
}

/* The name may be anything that a peer sent: it is shown as a log line would show it. */
static void
report_failure(struct resolver *r, const char *reason)
{
    struct str name = str_of(r->host);
    bool cut = name.len > NAME_SHOWN;
    struct buffer error = { 0 };

    name.len = cut ? NAME_SHOWN : name.len;
    buffer_printf(&error, "cannot resolve %s%s: %s", LOG_STR(name), cut ? "..." : "", reason);
    buffer_append_char(&error, '\0');
    report(r, NULL, error.data);
    buffer_fini(&error);
}

static void
on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct resolver *r = request->data;
    char reason[128];

    r->loop->look_ups--;
    loop_defer_free(r->loop, r, drop);
    if (status == 0)
        report(r, list, NULL);
    else
        report_failure(r, uv_strerror_r(status, reason, sizeof(reason)));
    uv_freeaddrinfo(list);
}

static void
on_at_once(void *owner)
{
    struct resolver *r = owner;

    loop_defer_free(r->loop, r, drop);
    if (r->numeric)
        report(r, r->numeric, NULL);
    else
        report_failure(r, "it is not a valid host name");
}

/* False: it is not even a name. */
static bool
ask_pool(struct resolver *r)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };

    if (strlen(r->host) > NAME_MAX_LEN ||
        uv_getaddrinfo(&r->loop->uv, &r->request, on_resolved, r->host, NULL, &hints) != 0)
        return false;
    r->loop->look_ups++;
    return true;
}

struct resolver *
resolver_open(struct loop *l, const char *host,
    void (*on_list)(void *owner, const struct addrinfo *list, const char *error), void *owner)
{
    const struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST,
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
    };
    struct resolver *r = mem_zalloc(sizeof(*r));

    r->loop = l;
    r->host = mem_strdup(host);
    r->on_list = on_list;
    r->owner = owner;
    r->request.data = r;
    loop_task_init(&r->at_once, on_at_once, r);
    if (getaddrinfo(host, NULL, &hints, &r->numeric) != 0) {
        r->numeric = NULL;
        r->in_pool = ask_pool(r);
    }
    if (!r->in_pool)
        loop_end_of_turn(l, &r->at_once);
    return r;
}

/* A look-up that runs already cannot be called back: it ends unheard. */
void
resolver_cancel(struct resolver *r)
{
    if (!r)
        return;
    r->on_list = NULL;
    if (r->in_pool)
        uv_cancel((uv_req_t *)&r->request);
}
