/* SPDX-License-Identifier: MIT */
/*
 * hub_messages: what the workers and the hub say to each other.  One list a direction gives each
 * message its enum, name, handler and drop function; to add a message, add a row and the handler.
 *
 * Makers may be called on any thread; the receiver frees with the drop function of the kind.
 */
#ifndef HUB_HUB_MESSAGES_H
#define HUB_HUB_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "net/mailbox.h"

struct bytes;
struct hub_event;
struct hub_question;
struct presence_member;

/* X(ENUM, name, struct): hub_on_<name>() on the hub's thread. */
#define HUB_MESSAGES_TO_HUB(X)                                                                     \
    X(JOIN, join, count)                                                                           \
    X(LEAVE, leave, count)                                                                         \
    X(SYNC, sync, token)                                                                           \
    X(PUBLISH, publish, publish)                                                                   \
    X(WHISPER, whisper, text)                                                                      \
    X(ENTER, enter, member)                                                                        \
    X(DEPART, depart, member)                                                                      \
    X(MEMBERS, members, question)                                                                  \
    X(SOCKETS, sockets, change)                                                                    \
    X(ASK, ask, question)                                                                          \
    X(RETIRE, retire, sign)                                                                        \
    X(BELOW, below, sign)                                                                          \
    X(STOP, stop, sign)

/* X(ENUM, name, struct): hub_link_on_<name>() on the worker's thread. */
#define HUB_MESSAGES_TO_LINK(X)                                                                    \
    X(BROADCAST, broadcast, text)                                                                  \
    X(ANSWER, answer, token)                                                                       \
    X(CONTENT, content, content)                                                                   \
    X(HOLD, hold, sign)                                                                            \
    X(DRAINED, drained, sign)

#define HUB_MESSAGE_ENUM(ENUM, name, type) HUB_MESSAGE_##ENUM,
enum hub_message_type {
    HUB_MESSAGES_TO_HUB(HUB_MESSAGE_ENUM) HUB_MESSAGES_TO_LINK(HUB_MESSAGE_ENUM) HUB_MESSAGE_TYPES
};

/* One socket more, or less, in a channel. */
struct hub_count_message {
    struct message base;
    struct bytes *channel;
    unsigned worker;
};

/* A question without a content, or its answer. */
struct hub_token_message {
    struct message base;
    unsigned worker;
    uint32_t token;
};

/* An encoded event on its way to the sockets of a channel. */
struct hub_text_message {
    struct message base;
    struct bytes *channel, *text;
    struct bytes *except; /* NULL: nobody */
};

/* An event of the HTTP API; name is a JSON string already. */
struct hub_publish_message {
    struct message base;
    unsigned worker;
    uint32_t token;
    struct bytes **channels;
    size_t channel_count;
    struct bytes *name, *data;
    struct bytes *except; /* NULL: nobody */
};

/* A socket's membership; user and data are NULL in a departure. */
struct hub_member_message {
    struct message base;
    unsigned worker;
    uint32_t token;
    struct bytes *channel, *id, *user, *data;
};

/* More or fewer sockets. */
struct hub_change_message {
    struct message base;
    int change;
};

/* A question about a channel, or about all. */
struct hub_question_message {
    struct message base;
    unsigned worker;
    uint32_t token;
    int kind; /* enum hub_query */
    bool cluster;
    struct bytes *name;
};

/* An answer with a text. */
struct hub_content_message {
    struct message base;
    uint32_t token;
    struct bytes *text;
};

/* A bare signal. */
struct hub_sign_message {
    struct message base;
    unsigned worker;
    bool on;
};

/* The channel is referenced. */
struct message *hub_messages_count(
    enum hub_message_type type, struct bytes *channel, unsigned worker);
struct message *hub_messages_token(enum hub_message_type type, unsigned worker, uint32_t token);
/* Everything is referenced; except may be NULL. */
struct message *hub_messages_text(
    enum hub_message_type type, struct bytes *channel, struct bytes *text, struct bytes *except);
/* e is copied. */
struct message *hub_messages_publish(const struct hub_event *e, unsigned worker, uint32_t token);
/* m is copied; a departure has neither user nor data. */
struct message *hub_messages_member(
    enum hub_message_type type, const struct presence_member *m, unsigned worker, uint32_t token);
/* What it says, borrowed. */
struct presence_member hub_messages_as_member(const struct hub_member_message *m);
struct message *hub_messages_change(int change);
/* q is copied. */
struct message *hub_messages_question(
    enum hub_message_type type, const struct hub_question *q, unsigned worker, uint32_t token);
/* text is referenced. */
struct message *hub_messages_content(uint32_t token, struct bytes *text);
struct message *hub_messages_sign(enum hub_message_type type, unsigned worker, bool on);

/* Free a message that was handled. */
void hub_messages_drop(struct message *m);

#define HUB_MESSAGE_ON_HUB(ENUM, name, type) void hub_on_##name(void *owner, struct message *m);
HUB_MESSAGES_TO_HUB(HUB_MESSAGE_ON_HUB)
#define HUB_MESSAGE_ON_LINK(ENUM, name, type)                                                      \
    void hub_link_on_##name(void *owner, struct message *m);
HUB_MESSAGES_TO_LINK(HUB_MESSAGE_ON_LINK)

#endif
