/* SPDX-License-Identifier: MIT */
/*
 * endpoints: one descriptor a worker for each address.
 */
#include "endpoints.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "instance/running.h"
#include "net/listener.h"
#include "worker.h"

struct crew {
    struct worker *const *workers;
    unsigned count;
    const char *origin; /* of the configuration, for messages */
};

/* Each worker takes its descriptor over. */
static bool
endpoints_hand_out(
    const struct crew *crew, const int *fds, const char *host, unsigned port, struct buffer *error)
{
    bool ok = true;

    for (unsigned i = 0; ok && i < crew->count; i++)
        ok = worker_listen(crew->workers[i], fds[i]);
    if (!ok)
        buffer_printf(error, "cannot listen on %s:%u", host ? host : "*", port);
    return ok;
}

static bool
endpoints_listen(
    const struct crew *crew, const char *host, unsigned port, bool *in_use, struct buffer *error)
{
    int *fds = mem_resize(NULL, crew->count, sizeof(*fds));
    struct buffer why = { 0 };
    bool ok = listener_bind(host, port, crew->count, fds, in_use, &why);

    if (ok)
        ok = endpoints_hand_out(crew, fds, host, port, error);
    else
        buffer_printf(error, "%s: %s: %.*s", crew->origin, *in_use ? "port" : "host",
            STR_ARG(buffer_str(&why)));
    buffer_fini(&why);
    free(fds);
    return ok;
}

bool
endpoints_choose(struct endpoints *at, const struct config *c, struct buffer *error)
{
    at->host = running_host(c);
    at->port = (unsigned)c->port;
    if (!activation_take(&at->passed, error))
        return false;
    if (at->passed.count == 0)
        return true;
    at->host = *at->passed.host ? at->passed.host : NULL;
    at->port = at->passed.port;
    if (at->port != (unsigned)c->port)
        log_warning("the service manager's socket has port %u: %d of the configuration is not used",
            at->port, (int)c->port);
    return true;
}

static bool
endpoints_open_passed(const struct crew *crew, const struct endpoints *at, struct buffer *error)
{
    int *fds = mem_resize(NULL, crew->count, sizeof(*fds));
    bool ok = true;

    for (unsigned i = 0; ok && i < at->passed.count; i++)
        ok = activation_share(at->passed.fds[i], crew->count, fds, error) &&
             endpoints_hand_out(crew, fds, at->host, at->port, error);
    free(fds);
    return ok;
}

bool
endpoints_open(const struct endpoints *at, const struct config *c, struct worker *const *workers,
    unsigned count, bool *in_use, struct buffer *error)
{
    const struct crew crew = { workers, count, config_name(c) };
    struct buffer why = { 0 };
    bool ok;

    *in_use = false;
    if (at->passed.count > 0)
        return endpoints_open_passed(&crew, at, error);
    if (!c->embedded)
        return endpoints_listen(&crew, c->host, at->port, in_use, error);
    if (!endpoints_listen(&crew, "127.0.0.1", at->port, in_use, error))
        return false;
    /* Without IPv6 the embedded default is on IPv4's loopback alone. */
    ok = endpoints_listen(&crew, "::1", at->port, in_use, &why) || !*in_use;
    if (!ok)
        buffer_append_str(error, buffer_str(&why));
    buffer_fini(&why);
    return ok;
}
