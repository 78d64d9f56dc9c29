/* SPDX-License-Identifier: MIT */
/*
 * resolver: getaddrinfo on libuv's thread pool.  An address needs no pool, which slow name servers
 * may have filled: it is converted at once and reported at the end of the turn.
 */
#include "resolver.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "loop_priv.h"

struct resolver {
    uv_getaddrinfo_t request; /* its data is the resolver */
    struct loop *loop;
    struct loop_task at_once; /* for an address */
    struct addrinfo *numeric;
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

static void
on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct resolver *r = request->data;
    struct buffer error = { 0 };
    char reason[128];

    loop_defer_free(r->loop, r, drop);
    if (status == 0) {
        report(r, list, NULL);
    } else {
        uv_strerror_r(status, reason, sizeof(reason));
        buffer_printf(&error, "cannot resolve %s: %s", r->host, reason);
        buffer_append_char(&error, '\0');
        report(r, NULL, error.data);
        buffer_fini(&error);
    }
    uv_freeaddrinfo(list);
}

static void
on_numeric(void *owner)
{
    struct resolver *r = owner;

    loop_defer_free(r->loop, r, drop);
    report(r, r->numeric, NULL);
}

struct resolver *
resolver_open(struct loop *l, const char *host,
    void (*on_list)(void *owner, const struct addrinfo *list, const char *error), void *owner)
{
    struct resolver *r = mem_zalloc(sizeof(*r));
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };

    r->loop = l;
    r->host = mem_strdup(host);
    r->on_list = on_list;
    r->owner = owner;
    r->request.data = r;
    loop_task_init(&r->at_once, on_numeric, r);
    hints.ai_flags = AI_NUMERICHOST;
    if (getaddrinfo(host, NULL, &hints, &r->numeric) == 0) {
        loop_end_of_turn(l, &r->at_once);
        return r;
    }
    hints.ai_flags = 0;
    ENSURE(uv_getaddrinfo(&l->uv, &r->request, on_resolved, host, NULL, &hints) == 0);
    return r;
}

/* A look-up that runs already cannot be called back: it ends unheard. */
void
resolver_cancel(struct resolver *r)
{
    if (!r)
        return;
    r->on_list = NULL;
    if (!r->numeric)
        uv_cancel((uv_req_t *)&r->request);
}
