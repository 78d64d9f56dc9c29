/* SPDX-License-Identifier: MIT */
/*
 * strays: upgrades that no service wanted.  They are not answered, and closed after a while
 * (socketio.destroyUpgradeTimeout), as engine.io does.  The worker's thread only.
 */
#ifndef SERVER_STRAYS_H
#define SERVER_STRAYS_H

#include <stdbool.h>
#include <stdint.h>

struct http_exchange;
struct http_request;
struct loop;
struct strays;

/* patience_ms 0: they are left alone. */
struct strays *strays_open(struct loop *l, uint64_t patience_ms);
/* For those that come from now on. */
void strays_set_patience(struct strays *s, uint64_t patience_ms);
/* After the last connection is gone. */
void strays_close(struct strays *s);

/* An http_service; the last one. */
bool strays_offer(void *strays, struct http_exchange *x, const struct http_request *r);

#endif
