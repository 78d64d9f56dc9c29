/* SPDX-License-Identifier: MIT */
/*
 * handshake: what a request under the engine's path wants, whether it may, and where it goes.
 */
#ifndef ENGINE_HANDSHAKE_H
#define ENGINE_HANDSHAKE_H

struct engine;
struct http_exchange;
struct http_request;

/* x is answered, taken, upgraded or detached. */
void handshake_request(struct engine *e, struct http_exchange *x, const struct http_request *r);

#endif
