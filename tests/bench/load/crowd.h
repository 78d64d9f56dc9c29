/* SPDX-License-Identifier: MIT */
/*
 * crowd: the clients of one load, what they have received, and their turn of the loop.
 *
 * One process, one thread, one epoll.  What a client understands of an event is what the
 * figures need: when it was published, and its number in its channel.
 */
#ifndef LOAD_CROWD_H
#define LOAD_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "histogram.h"
#include "inflate.h"
#include "link.h"
#include "options.h"
#include "watch.h"

enum client_state {
    CLIENT_IDLE,       /* not opened yet */
    CLIENT_CONNECTING, /* until the kernel has connected it */
    CLIENT_SECURING,   /* in the handshake of TLS */
    CLIENT_UPGRADING,  /* in the handshake of HTTP */
    CLIENT_OPENING,    /* in that of Engine.IO and Socket.IO */
    CLIENT_JOINING,    /* subscribe was sent and is to be answered */
    CLIENT_JOINED,     /* receives events */
    CLIENT_ENDED,      /* after it had joined */
};

struct crowd;

struct client {
    struct watch watch;
    struct crowd *crowd;
    struct link link;
    enum client_state state;
    uint32_t number;
    uint32_t last;     /* number of the channel's last event; 0: none yet */
    bool stalled;      /* does not read */
    uint32_t held_len; /* the beginning of what is not whole */
    uint32_t held_size;
    char *held;
    uint64_t began_us;
    char sid[40];   /* of a polling session */
    unsigned asked; /* of a polling session: requests without an answer */
};

/* Cleared before each measurement. */
struct crowd_counts {
    uint64_t received;   /* events */
    uint64_t gaps;       /* numbers that were left out */
    uint64_t misordered; /* numbers that did not rise */
    uint64_t malformed;
    uint64_t bytes;
    uint64_t told;       /* of others who joined a presence channel */
    uint64_t compressed; /* frames */
};

struct crowd {
    const struct options *options;
    int epoll;
    struct client *clients;
    size_t wanted; /* clients to be opened */
    size_t opened;
    uint32_t *again; /* clients whose handshake failed, to be opened anew */
    size_t again_count;
    size_t connecting; /* opened and not yet joined */
    size_t joined;
    size_t cut;     /* joined, and ended by the server */
    size_t failed;  /* handshakes that failed; they are tried again */
    size_t refused; /* subscriptions */
    size_t resumed; /* TLS sessions */
    size_t stalled;
    size_t data_at; /* where the last event's data began */
    uint64_t last_stamp_ns;
    char *buffer;
    SSL_CTX *tls;
    SSL_SESSION *session;
    struct inflate inflate;
    struct crowd_counts counts;
    struct histogram latency;
    struct histogram joining;
};

void crowd_open(struct crowd *crowd, const struct options *o);
/* Opens clients that are due, waits at most timeout_us, serves what is ready. */
void crowd_turn(struct crowd *crowd, int64_t timeout_us);
/* How many read the events of a channel. */
size_t crowd_members(const struct crowd *crowd, size_t channel);
/* A handshake failed: c is opened anew in a later turn. */
void crowd_retry(struct crowd *crowd, const struct client *c);
/* The first count clients read no more. */
void crowd_stall(struct crowd *crowd, size_t count);
/* Nobody looks at what comes until crowd_look(): without a watch that all of a server's threads
 * would have to notify, one after the other. */
void crowd_look_away(struct crowd *crowd);
void crowd_look(struct crowd *crowd);
/* Closes all; they may be opened again. */
void crowd_leave(struct crowd *crowd);
void crowd_clear_counts(struct crowd *crowd);
/* The name of a channel, with its number. */
void crowd_channel_name(char *out, size_t size, const struct options *o, size_t channel);
uint64_t crowd_now_us(void);

#endif
