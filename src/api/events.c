/* SPDX-License-Identifier: MIT */
/*
 * events: the body, checked and handed to the hub; the answer goes out when the hub has it.
 */
#include "events.h"

#include <stdlib.h>

#include "api_priv.h"
#include "base/attr.h"
#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "errand.h"
#include "hub/hub_link.h"
#include "json/json_scan.h"

enum { BATCH_MAX = 10000, CHANNELS_MAX = 10000 };

/* All zero is an empty one; event_fini() in any case. */
struct event {
    struct buffer storage; /* the decoded texts */
    struct buffer data;    /* data that came as JSON text */
    struct str *channels;
    size_t channel_count;
    struct hub_event out; /* borrows from the above, and from what was read */
};

static const char not_an_object[] = "Request body must be a JSON object";
static const char incomplete[] = "Event must include channel, event name and data";

/* As JavaScript has it: null, false, 0 and "" are no data. */
static bool
is_falsy(struct str value)
{
    switch (json_scan_kind(value)) {
    case JSON_NONE:
    case JSON_NULL:
    case JSON_FALSE:
        return true;
    case JSON_STRING:
        return value.len == 2;
    case JSON_NUMBER:
        return str_is(value, "0") || str_is(value, "-0") || str_is(value, "0.0");
    case JSON_TRUE:
    case JSON_ARRAY:
    case JSON_OBJECT:
        return false;
    }
    return true;
}

static bool
is_text(struct str value)
{
    return json_scan_kind(value) == JSON_STRING && value.len > 2;
}

/* Room was made for all texts together, so that the slices stay where they are. */
static struct str
event_decode(struct event *e, struct str value)
{
    size_t before = e->storage.len;
    const char *storage = e->storage.data;

    json_scan_string(value, &e->storage);
    ENSURE(e->storage.data == storage);
    return str_slice(e->storage.data + before, e->storage.len - before);
}

static bool
event_add_channel(struct event *e, struct str value)
{
    if (!is_text(value))
        return false;
    e->channels[e->channel_count++] = event_decode(e, value);
    return true;
}

static const char *
event_read_list(struct event *e, struct str list)
{
    struct json_cursor c = json_scan_enter(list);
    size_t count = 0;
    struct str item;

    while (json_scan_element(&c, &item))
        count++;
    if (count > CHANNELS_MAX)
        return "Too many channels";
    e->channels = mem_resize(NULL, count + 1, sizeof(*e->channels));
    c = json_scan_enter(list);
    while (json_scan_element(&c, &item))
        if (!event_add_channel(e, item))
            return incomplete;
    return NULL;
}

/* A text that is JSON itself stands for what it says, as Laravel's drivers send it. */
static struct str
event_read_data(struct event *e, struct str value)
{
    struct str inner;

    if (json_scan_kind(value) != JSON_STRING)
        return value;
    json_scan_string(value, &e->data);
    return json_scan_whole(buffer_str(&e->data), &inner) ? inner : value;
}

/* NULL, or what is wrong with it. */
static const char *
event_read(struct event *e, struct str text)
{
    struct json_field fields[] = { { .name = "name" }, { .name = "data" }, { .name = "socket_id" },
        { .name = "channels" }, { .name = "channel" } };
    struct str name, data, socket, list;
    const char *wrong = NULL;

    if (!json_scan_fields(text, fields, COUNT_OF(fields)))
        return not_an_object;
    name = fields[0].value;
    data = fields[1].value;
    socket = fields[2].value;
    list = fields[3].value;
    if (!is_text(name) || is_falsy(data))
        return incomplete;
    buffer_reserve(&e->storage, text.len);
    if (json_scan_kind(list) == JSON_ARRAY) {
        wrong = event_read_list(e, list);
    } else {
        e->channels = mem_resize(NULL, 1, sizeof(*e->channels));
        if (!is_falsy(list) || !event_add_channel(e, fields[4].value))
            wrong = incomplete;
    }
    if (wrong)
        return wrong;
    e->out = (struct hub_event){
        .channels = e->channels,
        .channel_count = e->channel_count,
        .name = event_decode(e, name),
        .data = event_read_data(e, data),
        .socket = is_text(socket) ? event_decode(e, socket) : str_slice(NULL, 0),
    };
    return NULL;
}

static void
event_fini(struct event *e)
{
    buffer_fini(&e->storage);
    buffer_fini(&e->data);
    free(e->channels);
}

/* ---- one ---- */

static void
event_on_published(void *owner, uint32_t token)
{
    (void)token;
    errand_answer(owner, 200, STR_LIT("{\"message\":\"ok\"}"));
}

static void
event_on_body(struct errand *p, struct str body)
{
    struct event e = { 0 };
    const char *wrong = event_read(&e, body);

    if (!wrong)
        p->token = hub_link_publish(p->api->hub, &e.out, event_on_published, p);
    event_fini(&e);
    if (wrong)
        errand_refuse(p, 400, wrong);
}

void
events_take(struct api *a, struct http_exchange *x)
{
    errand_begin(mem_zalloc(sizeof(struct errand)), a, x, a->limits->body_bytes, event_on_body);
}

/* ---- several ---- */

static void
batch_on_published(void *owner, uint32_t token)
{
    (void)token;
    errand_answer(owner, 200, STR_LIT("{}"));
}

/* NULL, or what is wrong with the first that is wrong. */
static const char *
batch_check(struct str batch, size_t *count)
{
    struct json_cursor c = json_scan_enter(batch);
    const char *wrong = NULL;
    struct str value;

    while (!wrong && json_scan_element(&c, &value)) {
        struct event e = { 0 };

        if (++*count > BATCH_MAX)
            wrong = "Too many events";
        else
            wrong = json_scan_kind(value) == JSON_OBJECT ? event_read(&e, value) : incomplete;
        event_fini(&e);
    }
    return wrong;
}

/* The hub takes them in order, so its answer to the last one is an answer to all. */
static void
batch_publish(struct errand *p, struct str batch)
{
    struct json_cursor c = json_scan_enter(batch);
    struct hub_link *hub = p->api->hub;
    struct str value;

    while (json_scan_element(&c, &value)) {
        struct event e = { 0 };

        if (p->token)
            hub_link_forget(hub, p->token);
        if (!event_read(&e, value))
            p->token = hub_link_publish(hub, &e.out, batch_on_published, p);
        event_fini(&e);
    }
}

static void
batch_on_body(struct errand *p, struct str body)
{
    struct json_field batch = { .name = "batch" };
    const char *wrong;
    size_t count = 0;

    if (!json_scan_fields(body, &batch, 1))
        wrong = not_an_object;
    else if (json_scan_kind(batch.value) != JSON_ARRAY)
        wrong = "Batch must be a list of events";
    else
        wrong = batch_check(batch.value, &count);
    if (wrong)
        errand_refuse(p, 400, wrong);
    else if (count == 0)
        errand_answer(p, 200, STR_LIT("{}"));
    else
        batch_publish(p, batch.value);
}

void
events_take_batch(struct api *a, struct http_exchange *x)
{
    errand_begin(mem_zalloc(sizeof(struct errand)), a, x, a->limits->body_bytes, batch_on_body);
}
