/* SPDX-License-Identifier: MIT */
/*
 * pages: files that browsers load from this port: socket.io-client's bundles, as the build found
 * them, and (in the embedded default alone) the page that shows events.  Stateless after
 * pages_open(); the worker's thread only.
 */
#ifndef PAGES_PAGES_H
#define PAGES_PAGES_H

#include <stdbool.h>

struct http_exchange;
struct http_request;
struct pages;

struct pages_options {
    const char *path; /* the engine's, "/socket.io/" */
    bool serve_client;
    /* The embedded default: `GET /` shows the page, with this API client; NULL: it does not. */
    const char *demo_app_id, *demo_key;
};

/* o and its texts must outlive it, or the next pages_set_options(). */
struct pages *pages_open(const struct pages_options *o);
/* The demo page stays as it was. */
void pages_set_options(struct pages *p, const struct pages_options *o);
void pages_close(struct pages *p);

/* An http_service; asked before the engine, since the bundles lie under its path. */
bool pages_offer(void *pages, struct http_exchange *x, const struct http_request *r);

#endif
