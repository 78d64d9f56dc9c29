/* SPDX-License-Identifier: MIT */
/*
 * endpoints: which sockets the workers accept on: those that the service manager passed, else
 * those of the configuration.  The main thread, before any other runs.
 */
#ifndef SERVER_ENDPOINTS_H
#define SERVER_ENDPOINTS_H

#include <stdbool.h>

#include "activation.h"
#include "base/attr.h"

struct buffer;
struct config;
struct worker;

struct endpoints {
    const char *host; /* as registration_open() */
    unsigned port;
    struct activation passed; /* what host may point into */
};

/* Nothing is bound yet.  False: *error is one sentence. */
MUST_USE bool endpoints_choose(struct endpoints *at, const struct config *c, struct buffer *error);
/* False: *error is one sentence, and *in_use says whether the address is taken. */
MUST_USE bool endpoints_open(const struct endpoints *at, const struct config *c,
    struct worker *const *workers, unsigned count, bool *in_use, struct buffer *error);

#endif
