/* SPDX-License-Identifier: MIT */
/*
 * unclaimed: upgrades that no service takes.  They are not answered, and closed after a while
 * (socketio.destroyUpgradeTimeout), as engine.io does.  The worker's thread only.
 */
#ifndef SERVER_UNCLAIMED_H
#define SERVER_UNCLAIMED_H

#include <stdbool.h>
#include <stdint.h>

struct http_exchange;
struct http_request;
struct loop;
struct unclaimed;

/* patience_ms 0: they are left open. */
struct unclaimed *unclaimed_open(struct loop *l, uint64_t patience_ms);
/* For those that come from now on. */
void unclaimed_set_patience(struct unclaimed *u, uint64_t patience_ms);
/* After the last connection is gone. */
void unclaimed_close(struct unclaimed *u);

/* An http_service; the last one. */
bool unclaimed_offer(void *unclaimed, struct http_exchange *x, const struct http_request *r);

#endif
