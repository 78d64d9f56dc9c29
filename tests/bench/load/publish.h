/* SPDX-License-Identifier: MIT */
/*
 * publish: events on their way to the server: through Redis, its HTTP API, or, for the floor
 * program, as the frames that a server would send.
 *
 * Events are gathered and go out together, as an application publishes a burst.
 */
#ifndef LOAD_PUBLISH_H
#define LOAD_PUBLISH_H

#include "crowd.h"

struct publish {
    struct watch watch;
    const struct options *options;
    int fd;
    unsigned kind;     /* a row of the table of kinds */
    uint32_t *numbers; /* of the last event of each channel */
    char *data;        /* of one event */
    size_t data_len;
    char *out;
    size_t out_len;
    size_t out_size;
};

void publish_open(struct publish *p, int epoll, const struct options *o);
/* One event on a channel of the crowd's. */
void publish_add(struct publish *p, size_t channel);
/* One event on a channel that nobody listens to. */
void publish_nobody(struct publish *p, size_t channel);
/* From now on the data of an event has len bytes. */
void publish_resize(struct publish *p, size_t len);
/* The data of the next event on channel, data_len bytes without a terminator. */
const char *publish_data(struct publish *p, size_t channel);
/* Sends what was added; waits while the other side takes no more. */
void publish_flush(struct publish *p);

#endif
