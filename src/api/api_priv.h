/* SPDX-License-Identifier: MIT */
/*
 * api, for the files of this layer.
 */
#ifndef API_API_PRIV_H
#define API_API_PRIV_H

#include <stdint.h>

#include "api/api.h"
#include "base/list.h"
#include "refusals.h"

struct api {
    struct hub_link *hub;
    const struct api_limits *limits;
    uint64_t since_ms; /* when it was opened */
    bool draining;
    struct list errands; /* whose answer is owed */
    struct refusals refusals;
};

#endif
