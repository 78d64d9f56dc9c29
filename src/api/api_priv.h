/* SPDX-License-Identifier: MIT */
/*
 * api, for the files of this layer.
 */
#ifndef API_API_PRIV_H
#define API_API_PRIV_H

#include <stdint.h>

#include "api/api.h"
#include "base/list.h"
#include "base/str.h"

struct api {
    struct hub_link *hub;
    const struct api_limits *limits;
    uint64_t since_ms; /* when it was opened */
    bool draining;
    struct list errands; /* whose answer is owed */
};

/* body is JSON; with the configured headers. */
void api_answer(struct api *a, struct http_exchange *x, unsigned status, struct str body);
/* {"error": text} */
void api_refuse(struct api *a, struct http_exchange *x, unsigned status, const char *text);

#endif
