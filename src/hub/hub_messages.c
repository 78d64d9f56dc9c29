/* SPDX-License-Identifier: MIT */
/*
 * hub_messages: a message, its slices and their bytes are one piece of memory.
 */
#include "hub_messages.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/mem.h"

/* The slices of an event, and of a member; a question has its name alone. */
enum { EVENT_NAME, EVENT_DATA, EVENT_SOCKET, EVENT_CHANNELS };
enum { MEMBER_CHANNEL, MEMBER_ID, MEMBER_USER, MEMBER_DATA, MEMBER_SLICES };

static void
message_drop(struct message *base)
{
    struct hub_message *m = (struct hub_message *)base;

    bytes_unref(m->channel);
    bytes_unref(m->text);
    bytes_unref(m->except);
    free(m);
}

static void
message_deliver(void *owner, struct message *base)
{
    const struct hub_message_receiver *r = owner;
    const struct hub_message *m = (struct hub_message *)base;

    r->take(r->owner, m);
    message_drop(base);
}

static struct bytes *
ref_or_null(struct bytes *b)
{
    return b ? bytes_ref(b) : NULL;
}

/* given with references of its own, and with slices that are copied. */
static struct hub_message *
message_new(const struct hub_message *given, const struct str *slices, size_t count)
{
    static const struct message_kind kind = { "hub", message_deliver, message_drop };
    size_t size = sizeof(*given) + count * sizeof(*slices);
    struct hub_message *m;
    char *at;

    for (size_t i = 0; i < count; i++)
        size += slices[i].len;
    m = mem_alloc(size);
    at = (char *)&m->slices[count];
    *m = *given;
    m->base = (struct message){ .kind = &kind, .cost = size + (m->text ? m->text->len : 0) };
    m->channel = ref_or_null(m->channel);
    m->text = ref_or_null(m->text);
    m->except = ref_or_null(m->except);
    m->slice_count = count;
    for (size_t i = 0; i < count; i++) {
        m->slices[i] = str_slice(at, slices[i].len);
        if (slices[i].len > 0)
            memcpy(at, slices[i].data, slices[i].len);
        at += slices[i].len;
    }
    ENSURE(at == (char *)m + size);
    return m;
}

struct hub_message *
hub_messages_new(const struct hub_message *given)
{
    return message_new(given, NULL, 0);
}

/* ---- events ---- */

struct hub_message *
hub_messages_publish(const struct hub_event *e, uint32_t token)
{
    const struct hub_message given = { .type = HUB_MESSAGE_PUBLISH, .token = token };
    size_t count = EVENT_CHANNELS + e->channel_count;
    struct str *slices = mem_resize(NULL, count, sizeof(*slices));
    struct hub_message *m;

    slices[EVENT_NAME] = e->name;
    slices[EVENT_DATA] = e->data;
    slices[EVENT_SOCKET] = e->socket;
    for (size_t i = 0; i < e->channel_count; i++)
        slices[EVENT_CHANNELS + i] = e->channels[i];
    m = message_new(&given, slices, count);
    free(slices);
    return m;
}

struct hub_event
hub_messages_as_event(const struct hub_message *m)
{
    ENSURE(m->slice_count >= EVENT_CHANNELS);
    return (struct hub_event){
        .channels = &m->slices[EVENT_CHANNELS],
        .channel_count = m->slice_count - EVENT_CHANNELS,
        .name = m->slices[EVENT_NAME],
        .data = m->slices[EVENT_DATA],
        .socket = m->slices[EVENT_SOCKET],
    };
}

/* ---- members ---- */

struct hub_message *
hub_messages_member(
    enum hub_message_type type, const struct presence_member *member, uint32_t token)
{
    const struct hub_message given = { .type = type, .token = token };
    const struct str slices[MEMBER_SLICES] = {
        [MEMBER_CHANNEL] = member->channel,
        [MEMBER_ID] = member->id,
        [MEMBER_USER] = member->user,
        [MEMBER_DATA] = member->data,
    };

    return message_new(&given, slices, MEMBER_SLICES);
}

struct presence_member
hub_messages_as_member(const struct hub_message *m)
{
    ENSURE(m->slice_count == MEMBER_SLICES);
    return (struct presence_member){
        .channel = m->slices[MEMBER_CHANNEL],
        .id = m->slices[MEMBER_ID],
        .user = m->slices[MEMBER_USER],
        .data = m->slices[MEMBER_DATA],
    };
}

/* ---- questions ---- */

struct hub_message *
hub_messages_question(enum hub_message_type type, const struct hub_question *q, uint32_t token)
{
    const struct hub_message given = {
        .type = type,
        .token = token,
        .number = (int)q->kind,
        .cluster = q->cluster,
    };

    return message_new(&given, &q->name, 1);
}

struct hub_question
hub_messages_as_question(const struct hub_message *m)
{
    ENSURE(m->slice_count == 1);
    return (struct hub_question){
        .kind = (enum hub_query)m->number,
        .name = m->slices[0],
        .cluster = m->cluster,
    };
}
