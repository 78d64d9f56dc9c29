/* SPDX-License-Identifier: MIT */
/*
 * hub_messages: what the workers and the hub say to each other: one struct, of whose members each
 * type uses some.  To add a message, add its type and a case to its receiver.
 *
 * Made on any thread; taken by the mailbox that it is posted to.
 */
#ifndef HUB_HUB_MESSAGES_H
#define HUB_HUB_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "hub/hub_link.h"
#include "net/mailbox.h"

struct bytes;

enum hub_message_type {
    /* To the hub. */
    HUB_MESSAGE_JOIN,    /* one socket more in channel */
    HUB_MESSAGE_LEAVE,   /* one less */
    HUB_MESSAGE_SYNC,    /* ANSWER is wanted for token */
    HUB_MESSAGE_PUBLISH, /* an event of the HTTP API; ANSWER is wanted for token */
    HUB_MESSAGE_WHISPER, /* text to every socket in channel but except */
    HUB_MESSAGE_ENTER,   /* a member; ANSWER with text is wanted for token */
    HUB_MESSAGE_DEPART,  /* a member's channel and id */
    HUB_MESSAGE_MEMBERS, /* a question's name; ANSWER with text is wanted for token */
    HUB_MESSAGE_ASK,     /* a question; ANSWER with text is wanted for token */
    HUB_MESSAGE_SOCKETS, /* number sockets more, or less */
    HUB_MESSAGE_BELOW,   /* worker's mailbox is below its limit again */
    HUB_MESSAGE_RETIRE,
    HUB_MESSAGE_STOP,
    /* To a worker. */
    HUB_MESSAGE_BROADCAST, /* text to the local sockets in channel but except */
    HUB_MESSAGE_ANSWER,    /* to token, with text when that was asked for */
    HUB_MESSAGE_HOLD,      /* the hub waits for some worker, or (number 0) does not any more */
    HUB_MESSAGE_DRAINED,   /* the hub's mailbox is below its limit again */
};

struct hub_message {
    struct message base;
    enum hub_message_type type;
    unsigned worker; /* the sender, or the receiver */
    uint32_t token;  /* of the worker's question */
    int number;
    bool cluster;
    struct bytes *channel, *text, *except; /* referenced; NULL: none */
    size_t slice_count;
    struct str slices[]; /* of an event, a member or a question; their bytes follow */
};

/* The owner of a mailbox that hub messages come to; m is borrowed. */
struct hub_message_receiver {
    void (*take)(void *owner, const struct hub_message *m);
    void *owner;
};

/* As given, but for its slices, of which it has none: what it points to is referenced. */
struct hub_message *hub_messages_new(const struct hub_message *given);
/* Everything is copied. */
struct hub_message *hub_messages_publish(const struct hub_event *e, uint32_t token);
struct hub_message *hub_messages_member(
    enum hub_message_type type, const struct presence_member *m, uint32_t token);
struct hub_message *hub_messages_question(
    enum hub_message_type type, const struct hub_question *q, uint32_t token);

/* The content of such a message, borrowed. */
struct hub_event hub_messages_as_event(const struct hub_message *m);
struct presence_member hub_messages_as_member(const struct hub_message *m);
struct hub_question hub_messages_as_question(const struct hub_message *m);

#endif
