/* SPDX-License-Identifier: MIT */
/*
 * errand: a request whose answer waits for its body, and then for the hub.
 */
#ifndef API_ERRAND_H
#define API_ERRAND_H

#include <stdint.h>

#include "base/list.h"
#include "base/str.h"

struct api;
struct http_exchange;

/* The first field of an object from mem_alloc() and its like; the errand frees that. */
struct errand {
    struct list node; /* in api->errands */
    struct api *api;
    struct http_exchange *exchange;
    uint32_t token; /* of the question that the answer waits for; 0: none yet */
    void (*on_body)(struct errand *e, struct str body);
};

/*
 * Take x, whose sender was allowed, with a body up to body_limit (HTTP_NO_BODY: it means nothing).
 * on_body ends with errand_answer(), errand_refuse(), or with a question to the hub whose token is
 * set; when the client goes away first, the hub is told to forget it.
 */
void errand_begin(struct errand *e, struct api *a, struct http_exchange *x, size_t body_limit,
    void (*on_body)(struct errand *e, struct str body));

/* The errand is gone when these return. */
void errand_answer(struct errand *e, unsigned status, struct str body);
void errand_refuse(struct errand *e, unsigned status, const char *text);

#endif
