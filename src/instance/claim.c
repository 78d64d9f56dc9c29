/* SPDX-License-Identifier: MIT */
/*
 * claim: a registration and its line; one table of keys for both directions.
 */
#include "instance/claim.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/address.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "instance/registration.h"
#include "net/shares.h"

/* ---- the line ---- */

struct key {
    const char *name;
    bool is_number;
    size_t at; /* in struct claim_line: struct str or uint64_t */
};

#define TEXT(field) #field, false, offsetof(struct claim_line, field)
#define NUMBER(field) #field, true, offsetof(struct claim_line, field)

/* config comes last: a path may hold spaces. */
static const struct key keys[] = {
    { TEXT(version) },
    { TEXT(state) },
    { TEXT(sandbox) },
    { NUMBER(started) },
    { NUMBER(port) },
    { TEXT(host) },
    { NUMBER(connections) },
    { NUMBER(memory) },
    { NUMBER(memory_limit) },
    { TEXT(limited) },
    { TEXT(config) },
};

static const struct key *const last_key = &keys[COUNT_OF(keys) - 1];

void
claim_write(const struct claim_line *c, struct buffer *line)
{
    for (const struct key *k = keys; k <= last_key; k++) {
        const void *field = (const char *)c + k->at;

        buffer_printf(line, "%s=", k->name);
        if (k->is_number)
            buffer_append_u64(line, *(const uint64_t *)field);
        else
            buffer_append_str(line, *(const struct str *)field);
        buffer_append_char(line, k == last_key ? '\n' : ' ');
    }
}

bool
claim_parse(struct str line, struct claim_line *c)
{
    *c = (struct claim_line){ 0 };
    if (!str_ends(line, "\n"))
        return false;
    line.len--;
    while (line.len > 0) {
        struct str rest, value, name = str_cut(line, '=', &rest);
        const struct key *k = keys;

        while (k <= last_key && !str_is(name, k->name))
            k++;
        if (k == last_key) {
            c->config = rest;
            return true;
        }
        value = str_cut(rest, ' ', &line);
        if (k > last_key)
            continue;
        if (!k->is_number)
            *(struct str *)((char *)c + k->at) = value;
        else if (!str_to_u64(value, UINT64_MAX, (uint64_t *)((char *)c + k->at)))
            return false;
    }
    return false;
}

/* ---- the claim ---- */

struct claim {
    struct claim_source source;
    struct claim_line line; /* all of it but what is counted when it is read */
    char *config_path;      /* from the root, wherever its links lead later; NULL: built-in */
    struct registration *registration; /* NULL: another process has the name */
};

static void
claim_act(struct str request)
{
    const size_t head = sizeof(CLAIM_LIFT) - 1;
    struct address a;

    if (str_starts(request, CLAIM_LIFT) &&
        address_parse(str_slice(request.data + head, request.len - head), &a))
        (void)shares_lift(&a); /* the line says who is lifted */
}

static void
claim_describe(void *owner, struct str request, struct buffer *line)
{
    struct claim *e = owner;
    struct buffer limited = { 0 };

    claim_act(request);
    shares_write_limited(&limited);
    e->line.limited = buffer_str(&limited);
    e->source.count(e->source.owner, &e->line);
    claim_write(&e->line, line);
    buffer_fini(&limited);
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
    e->config_path = c->file ? realpath(c->file, NULL) : NULL;
    if (!e->config_path)
        e->config_path = mem_strdup(c->file);
    e->line = (struct claim_line){
        .version = STR_LIT(ECHO_SERVER_VERSION),
        .state = STR_LIT("starting"),
        .sandbox = STR_LIT("off"),
        .host = str_of(host ? host : "*"),
        .config = str_of(e->config_path),
        .started = clock_wall_ms() / 1000,
        .port = port,
    };
    e->registration = registration_open(l, host, port, claim_describe, e);
    if (!e->registration && registration_find(host, port, &pid, NULL) && pid) {
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
    e->line.state = str_of(state);
}

void
claim_set_sandbox(struct claim *e, const char *parts)
{
    e->line.sandbox = str_of(parts);
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
