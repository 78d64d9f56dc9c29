/* SPDX-License-Identifier: MIT */
/*
 * events: POST /apps/:id/events: an event for one or more channels, as laravel-echo-server took
 * it and as Laravel's `pusher` driver sends it; and Pusher's batch_events: several of them.
 */
#ifndef API_EVENTS_H
#define API_EVENTS_H

struct api;
struct http_exchange;

/* The caller was allowed; x is taken. */
void events_take(struct api *a, struct http_exchange *x);
/* {"batch": [event, ...]}: all of them, or none. */
void events_take_batch(struct api *a, struct http_exchange *x);

#endif
