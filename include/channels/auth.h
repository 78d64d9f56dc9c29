/* SPDX-License-Identifier: MIT */
/*
 * auth: asks the application whether a socket may join a channel: POST <authHost><authEndpoint>
 * (docs/protocol.md).  A cap on requests in flight, a queue that is fair between sockets and
 * between addresses, retries, time-outs.  It knows nothing of sockets but the facts it is given.
 * The worker's thread only.
 *
 * The cap is on the application's work.  A request that was sent counts until it is answered, the
 * application closes the connection, or AUTH_HOLD_MS have passed (authTimeout, if that is longer),
 * whether or not its socket still waits for the answer.
 */
#ifndef CHANNELS_AUTH_H
#define CHANNELS_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/str.h"

struct auth;
struct auth_ask;
struct auth_target;
struct http_origin;
struct loop;
struct share;

/* Immutable while it is set. */
struct auth_limits {
    unsigned in_flight;  /* requests at once, of this worker */
    uint64_t timeout_ms; /* from the sending of a request to the verdict */
    uint64_t retry_ms;   /* how long failed attempts are repeated */
    unsigned headers;    /* forwarded, a subscription */
    size_t header_bytes;
    size_t answer_bytes; /* of the application's body */
    /* Of the browser's headers that only a proxy should set, these are passed on all the same. */
    const char *const *forward;
    size_t forward_count;
};

/* target must outlive it, or the next auth_set_target(). */
struct auth *auth_open(
    struct loop *l, const struct auth_target *target, const struct auth_limits *limits);
/* For what is sent from now on; requests under way are answered as before. */
void auth_set_target(struct auth *a, const struct auth_target *target);
void auth_set_limits(struct auth *a, const struct auth_limits *limits);
/* After the last verdict or auth_cancel(); requests under way are cut. */
void auth_close(struct auth *a);

enum { AUTH_HOLD_MS = 60000 };

/* One socket's place in the fair queue; embed it, auth_line_init() it; before it dies cancel its
 * asks and auth_line_fini() it. */
struct auth_line {
    struct list node;    /* among the lines that wait */
    struct list waiting; /* its asks, in order */
    struct share *share; /* its client's, as the latest question said; NULL: not limited */
    unsigned in_flight;  /* its requests under way, also those that it waits for no longer */
    size_t bytes;        /* of all asks that it waits for: bounded */
};
void auth_line_init(struct auth_line *line);
void auth_line_fini(struct auth *a, struct auth_line *line);

struct auth_question {
    struct auth_line *line;
    struct str channel;
    struct str headers;         /* raw JSON of auth.headers; len 0: none */
    struct str cookie, referer; /* of the handshake; len 0: none */
    struct str address;         /* the client's, as trustProxy has it; len 0: not known */
    size_t own_bytes;           /* of these texts, what is kept for this question alone */
    struct share *share;        /* where it counts, until it is answered; NULL: nowhere */
};

struct auth_verdict {
    unsigned status;   /* 200: admitted; 0: no answer from the application */
    struct str body;   /* borrowed */
    const char *cause; /* one sentence for the log when status is 0, else NULL */
};

enum auth_refusal {
    AUTH_OK,
    AUTH_TOO_MANY_HEADERS,
    AUTH_HEADERS_TOO_LARGE,
    AUTH_QUEUE_FULL, /* the line's asks take AUTH_LINE_BYTES_MAX together */
};

enum { AUTH_LINE_BYTES_MAX = 4 << 20 };

/*
 * q's texts are borrowed until the verdict or auth_cancel().  on_verdict comes once, in a later
 * turn.  *ask is NULL with any refusal
 * other than AUTH_OK, and on_verdict does not come.
 */
enum auth_refusal auth_begin(struct auth *a, const struct auth_question *q,
    void (*on_verdict)(void *owner, const struct auth_verdict *v), void *owner,
    struct auth_ask **ask);
/* on_verdict will not be called.  What was not sent yet never is. */
void auth_cancel(struct auth_ask *ask);

#endif
