/* SPDX-License-Identifier: MIT */
/*
 * control: what the floor program is told to send.
 *
 * "send FIRST EACH BYTES" and a frame of so many bytes, any number of times.  Frames for the
 * same sockets that arrive together are gathered, as a server gathers what one turn of its loop
 * brings.
 */
#ifndef FLOOR_CONTROL_H
#define FLOOR_CONTROL_H

#include <stddef.h>
#include <sys/uio.h>

#include "peers.h"

enum control_limit { CONTROL_SIZE = 4 * 1024 * 1024, CONTROL_PIECES = 1000 };

struct control {
    int fd;
    size_t len; /* in data, not yet understood */
    size_t first;
    size_t each;
    int count; /* frames gathered */
    size_t gathered;
    struct iovec pieces[CONTROL_PIECES];
    char whole[CONTROL_SIZE];
    char data[CONTROL_SIZE];
};

void control_on_ready(struct control *c, struct peers *p);

#endif
