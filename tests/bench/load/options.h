/* SPDX-License-Identifier: MIT */
/*
 * options: what one load is made of, as key=value arguments.
 *
 * A wrong key or value ends the program with a message that names it.
 */
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include <stdbool.h>

enum options_limit { OPTIONS_PIDS = 8 };

struct options {
    const char *host; /* where the clients connect to */
    long port;
    long eio; /* Engine.IO version, 3 or 4 */
    bool tls;
    bool resume;  /* TLS sessions after the first are resumed ones */
    bool deflate; /* offer permessage-deflate */
    bool acks;    /* the server answers an ack of "subscribe" once it has joined */
    bool polling; /* the polling transport instead of WebSocket */
    bool stamps;  /* let the kernel note when bytes arrive; see drain */
    long slow;    /* the first so many are as if far away; see stall */
    long sockets;
    long channels;       /* socket i is on channel i modulo channels */
    const char *channel; /* name of a channel without its number */
    long inflight;       /* handshakes at once; 0: all */
    long sources;        /* client addresses: 127.0.0.2 and so on */
    long payload;        /* bytes of an event's data */
    const char *publish; /* redis, http or floor */
    long publish_port;
    const char *key;  /* of the HTTP API: appId:key */
    const char *pids; /* processes whose processor time is the server's: 12,34 */
    long patience;    /* ms without progress after which what is missing is lost */
};

void options_parse(struct options *o, int argc, char **argv);
/* A whole number of at least 0, or the end of the program. */
long options_number(const char *name, const char *text);

#endif
