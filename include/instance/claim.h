/* SPDX-License-Identifier: MIT */
/*
 * claim: this server's registration under its port, and the line of key=value that it says of
 * itself there to its user:
 *
 *   version=1.0.0 state=ready started=1764040866 port=6001 host=* connections=12 memory=9000
 *   memory_limit=1000000 config=/srv/e.json
 *
 * The last value goes to the end of the line.  A reader skips keys that it does not know.  A claim
 * is the main thread's; the functions of the line may be called on any.
 */
#ifndef INSTANCE_CLAIM_H
#define INSTANCE_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;
struct claim;
struct config;
struct loop;

/* Texts are borrowed. */
struct claim_line {
    struct str version, state, host;
    struct str sandbox; /* its parts, or "off" */
    struct str limited; /* as shares_write_limited() */
    struct str config;  /* empty: the built-in configuration */
    uint64_t started;   /* seconds since 1970 */
    uint64_t port, connections;
    uint64_t memory, memory_limit; /* bytes that clients take up, and may; 0: without a limit */
};

void claim_write(const struct claim_line *c, struct buffer *line);
/* False: not such a line. */
MUST_USE bool claim_parse(struct str line, struct claim_line *c);

/* A request to it, before an address: nothing is refused to that any more. */
#define CLAIM_LIFT "lift "

/* What the configuration does not say. */
struct claim_source {
    const char *host; /* as registration_open(); outlives the claim */
    unsigned port;
    void (*count)(void *owner, struct claim_line *line); /* connections and memory */
    void *owner;
};

/*
 * To be opened before the port is bound, so that anyone who finds the port taken finds the claim as
 * well.  NULL: the port is another server's of this user or of root.  A name that another process
 * holds is only a warning.
 */
MUST_USE struct claim *claim_open(struct loop *l, const struct config *c,
    const struct claim_source *source, struct buffer *error);
/* "starting", "ready" or "stopping"; a literal. */
void claim_set_state(struct claim *e, const char *state);
/* The parts of the sandbox, as cage_enter() says; a literal. */
void claim_set_sandbox(struct claim *e, const char *parts);
/* NULL is fine. */
void claim_close(struct claim *e);

#endif
