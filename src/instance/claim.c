/* SPDX-License-Identifier: MIT */
/*
 * claim: a registration and its description.
 */
#include "instance/claim.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "instance/description.h"
#include "instance/registration.h"

struct claim {
    struct claim_source source;
    char *config_path; /* from the root, wherever its links lead later; NULL: built-in */
    uint64_t started_ms;
    const char *state;
    struct registration *registration; /* NULL: somebody else has the name */
};

static void
describe(void *owner, struct buffer *line)
{
    const struct claim *e = owner;
    const char *host = e->source.host;
    const struct description d = {
        .version = STR_LIT(ECHO_SERVER_VERSION),
        .state = str_of(e->state),
        .started = e->started_ms / 1000,
        .port = e->source.port,
        .host = str_of(host ? host : "*"),
        .connections = e->source.count_connections(e->source.owner),
        .config = str_of(e->config_path),
    };

    description_write(&d, line);
}

static char *
absolute(const char *file)
{
    char *path = file ? realpath(file, NULL) : NULL;

    return path ? path : mem_strdup(file);
}

struct claim *
claim_open(
    struct loop *l, const struct config *c, const struct claim_source *source, struct buffer *error)
{
    struct claim *e = mem_zalloc(sizeof(*e));
    const char *host = source->host;
    unsigned port = source->port;
    pid_t pid;

    e->source = *source;
    e->config_path = absolute(c->file);
    e->started_ms = clock_wall_ms();
    e->state = "starting";
    e->registration = registration_open(l, host, port, describe, e);
    if (!e->registration && registration_find(host, port, &pid) && pid) {
        buffer_printf(error, "port %u is in use by another server, process %d", port, (int)pid);
        claim_close(e);
        return NULL;
    }
    if (!e->registration)
        log_warning(
            "another process has this server's name: `stop` can find it only by its lock file");
    return e;
}

void
claim_set_state(struct claim *e, const char *state)
{
    e->state = state;
}

void
claim_close(struct claim *e)
{
    if (!e)
        return;
    registration_close(e->registration);
    free(e->config_path);
    free(e);
}
