/* SPDX-License-Identifier: MIT */
/*
 * activation: listening sockets that the service manager opened, by the protocol of
 * sd_listen_fds(3).  The main thread, before any other runs.
 */
#ifndef SERVER_ACTIVATION_H
#define SERVER_ACTIVATION_H

#include <stdbool.h>

#include "base/attr.h"

struct buffer;

enum { ACTIVATION_SOCKETS_MAX = 2, ACTIVATION_HOST_SIZE = 64 };

struct activation {
    unsigned count; /* 0: nothing was passed */
    int fds[ACTIVATION_SOCKETS_MAX];
    /* What the sockets are bound to; the host of all addresses, and that of several, is "". */
    char host[ACTIVATION_HOST_SIZE];
    unsigned port;
};

/* By LISTEN_FDS and LISTEN_PID.  False: what was passed cannot be served; *error is one sentence.
 */
MUST_USE bool activation_take(struct activation *a, struct buffer *error);
/* Take these, and LISTEN_FDNAMES, out of the environment; before any other thread runs. */
void activation_clear_environment(void);
/* count descriptors of one socket, itself the first: connections wait in one queue, and the
 * worker that is free takes the next.  False: there are no descriptors left; the socket is closed.
 */
MUST_USE bool activation_share(int fd, unsigned count, int *fds, struct buffer *error);

#endif
