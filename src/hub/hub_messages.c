/* SPDX-License-Identifier: MIT */
/*
 * hub_messages: makers and droppers of the messages between the workers and the hub, and the table
 * of their kinds.
 */
#include "hub_messages.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "hub/hub_link.h"
#include "json/json_scan.h"

static void
drop_count(struct message *m)
{
    bytes_unref(((struct hub_count_message *)m)->channel);
    free(m);
}

static void
drop_token(struct message *m)
{
    free(m);
}

static void
drop_text(struct message *m)
{
    struct hub_text_message *t = (struct hub_text_message *)m;

    bytes_unref(t->channel);
    bytes_unref(t->text);
    bytes_unref(t->except);
    free(t);
}

static void
drop_publish(struct message *m)
{
    struct hub_publish_message *p = (struct hub_publish_message *)m;

    for (size_t i = 0; i < p->channel_count; i++)
        bytes_unref(p->channels[i]);
    free(p->channels);
    bytes_unref(p->name);
    bytes_unref(p->data);
    bytes_unref(p->except);
    free(p);
}

static void
drop_member(struct message *m)
{
    struct hub_member_message *e = (struct hub_member_message *)m;

    bytes_unref(e->channel);
    bytes_unref(e->id);
    bytes_unref(e->user);
    bytes_unref(e->data);
    free(e);
}

static void
drop_change(struct message *m)
{
    free(m);
}

static void
drop_question(struct message *m)
{
    bytes_unref(((struct hub_question_message *)m)->name);
    free(m);
}

static void
drop_content(struct message *m)
{
    bytes_unref(((struct hub_content_message *)m)->text);
    free(m);
}

static void
drop_sign(struct message *m)
{
    free(m);
}

#define KIND_HUB(ENUM, word, type)                                                                 \
    [HUB_MESSAGE_##ENUM] = { .name = #word, .deliver = hub_on_##word, .drop = drop_##type },
#define KIND_LINK(ENUM, word, type)                                                                \
    [HUB_MESSAGE_##ENUM] = { .name = #word, .deliver = hub_link_on_##word, .drop = drop_##type },

static const struct message_kind kinds[HUB_MESSAGE_TYPES] = { HUB_MESSAGES_TO_HUB(KIND_HUB)
        HUB_MESSAGES_TO_LINK(KIND_LINK) };

static void *
message_new(enum hub_message_type type, size_t size, size_t content_bytes)
{
    struct message *m = mem_zalloc(size);

    m->kind = &kinds[type];
    m->cost = size + content_bytes;
    return m;
}

struct message *
hub_messages_count(enum hub_message_type type, struct bytes *channel, unsigned worker)
{
    struct hub_count_message *m = message_new(type, sizeof(*m), channel->len);

    m->channel = bytes_ref(channel);
    m->worker = worker;
    return &m->base;
}

struct message *
hub_messages_token(enum hub_message_type type, unsigned worker, uint32_t token)
{
    struct hub_token_message *m = message_new(type, sizeof(*m), 0);

    m->worker = worker;
    m->token = token;
    return &m->base;
}

struct message *
hub_messages_text(
    enum hub_message_type type, struct bytes *channel, struct bytes *text, struct bytes *except)
{
    struct hub_text_message *m = message_new(type, sizeof(*m), text->len);

    m->channel = bytes_ref(channel);
    m->text = bytes_ref(text);
    m->except = except ? bytes_ref(except) : NULL;
    return &m->base;
}

static struct bytes *
copy_or_null(struct str s)
{
    return s.len > 0 ? bytes_new(s.data, s.len) : NULL;
}

static struct bytes *
quoted(struct str text)
{
    struct buffer out = { 0 };
    struct bytes *b;

    json_scan_quote(text, &out);
    b = buffer_to_bytes(&out);
    buffer_fini(&out);
    return b;
}

struct message *
hub_messages_publish(const struct hub_event *e, unsigned worker, uint32_t token)
{
    struct hub_publish_message *m =
        message_new(HUB_MESSAGE_PUBLISH, sizeof(*m), e->name.len + e->data.len);

    m->worker = worker;
    m->token = token;
    m->channels = mem_resize(NULL, e->channel_count, sizeof(void *));
    m->channel_count = e->channel_count;
    for (size_t i = 0; i < e->channel_count; i++) {
        m->channels[i] = bytes_new(e->channels[i].data, e->channels[i].len);
        m->base.cost += e->channels[i].len + sizeof(struct bytes);
    }
    m->name = quoted(e->name);
    m->data = copy_or_null(e->data);
    m->except = copy_or_null(e->socket);
    return &m->base;
}

struct message *
hub_messages_member(
    enum hub_message_type type, const struct presence_member *m, unsigned worker, uint32_t token)
{
    struct hub_member_message *e = message_new(type, sizeof(*e), m->channel.len + m->data.len);

    e->worker = worker;
    e->token = token;
    e->channel = bytes_new(m->channel.data, m->channel.len);
    e->id = bytes_new(m->id.data, m->id.len);
    if (type == HUB_MESSAGE_DEPART)
        return &e->base;
    e->user = bytes_new(m->user.data, m->user.len);
    e->data = bytes_new(m->data.data, m->data.len);
    return &e->base;
}

struct presence_member
hub_messages_as_member(const struct hub_member_message *m)
{
    return (struct presence_member){
        .channel = bytes_str(m->channel),
        .id = bytes_str(m->id),
        .user = bytes_str(m->user),
        .data = bytes_str(m->data),
    };
}

struct message *
hub_messages_change(int change)
{
    struct hub_change_message *m = message_new(HUB_MESSAGE_SOCKETS, sizeof(*m), 0);

    m->change = change;
    return &m->base;
}

struct message *
hub_messages_question(
    enum hub_message_type type, const struct hub_question *q, unsigned worker, uint32_t token)
{
    struct hub_question_message *m = message_new(type, sizeof(*m), q->name.len);

    m->worker = worker;
    m->token = token;
    m->kind = (int)q->kind;
    m->cluster = q->cluster;
    m->name = bytes_new(q->name.data, q->name.len);
    return &m->base;
}

struct message *
hub_messages_content(uint32_t token, struct bytes *text)
{
    struct hub_content_message *m = message_new(HUB_MESSAGE_CONTENT, sizeof(*m), text->len);

    m->token = token;
    m->text = bytes_ref(text);
    return &m->base;
}

struct message *
hub_messages_sign(enum hub_message_type type, unsigned worker, bool on)
{
    struct hub_sign_message *m = message_new(type, sizeof(*m), 0);

    m->worker = worker;
    m->on = on;
    return &m->base;
}

void
hub_messages_drop(struct message *m)
{
    m->kind->drop(m);
}
