/* SPDX-License-Identifier: MIT */
/*
 * http_link: the client's side of one connection: a request out, its answer in, again and again.
 * Between two requests it is in a pool, which it leaves by itself when it ends.
 */
#ifndef HTTP_HTTP_LINK_H
#define HTTP_HTTP_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct bytes;
struct http_link;
struct http_origin;
struct list;
struct stream;

struct http_link_handlers {
    /* The whole answer, borrowed.  The link is still its owner's: rest or close it. */
    void (*on_answer)(void *owner, unsigned status, struct str body);
    /* The link is gone; early: before the first byte of the answer. */
    void (*on_lost)(void *owner, const char *why, bool early);
};

/* s is taken over; origin is copied. */
struct http_link *http_link_new(struct stream *s, const struct http_origin *origin);
/* answer_limit: bytes of its body. */
void http_link_ask(struct http_link *k, struct bytes *request, size_t answer_limit,
    const struct http_link_handlers *h, void *owner);
/* No handler is called any more. */
void http_link_close(struct http_link *k);

/* After an answer: wait in pool for another request, for idle_ms, unless the answer was the last on
 * this connection; then it closes. */
void http_link_rest(struct http_link *k, struct list *pool, uint64_t idle_ms);
/* The one of the pool that was used last; NULL: none to this origin. */
struct http_link *http_link_take(struct list *pool, const struct http_origin *origin);
void http_link_close_all(struct list *pool);

#endif
