/* SPDX-License-Identifier: MIT */
/*
 * probe_tls: reads the certificates as the server does, and looks at their time and their chain.
 * Blocks.
 */
#ifndef SERVER_PROBE_TLS_H
#define SERVER_PROBE_TLS_H

#include "base/attr.h"
#include "config/config.h"

struct buffer;

/* False: the server would not start, and *why is one sentence that names option and file.  Else say
 * is called with what clients may find wrong, a line each, and with a note of each certificate. */
MUST_USE bool probe_tls(const struct config *c,
    void (*say)(void *owner, enum config_severity severity, const char *line), void *owner,
    struct buffer *why);

#endif
