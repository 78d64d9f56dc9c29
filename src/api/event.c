/* SPDX-License-Identifier: MIT */
/*
 * event: the rules of its fields; the texts lie decoded beside it.
 */
#include "event.h"

#include <stdlib.h>

#include "base/mem.h"
#include "json/json_scan.h"

enum { CHANNELS_MAX = 10000 };

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
decode(struct event *e, struct str value)
{
    size_t before = e->storage.len;

    json_scan_string(value, &e->storage);
    return str_slice(e->storage.data + before, e->storage.len - before);
}

static bool
add_channel(struct event *e, struct str value)
{
    if (!is_text(value))
        return false;
    e->channels[e->channel_count++] = decode(e, value);
    return true;
}

static size_t
count_elements(struct str array)
{
    struct json_cursor c = json_scan_enter(array);
    struct str value;
    size_t count = 0;

    while (json_scan_element(&c, &value))
        count++;
    return count;
}

static const char *
read_list(struct event *e, struct str list)
{
    size_t count = count_elements(list);
    struct json_cursor c = json_scan_enter(list);
    struct str item;

    if (count > CHANNELS_MAX)
        return "Too many channels";
    e->channels = mem_resize(NULL, count + 1, sizeof(*e->channels));
    while (json_scan_element(&c, &item))
        if (!add_channel(e, item))
            return incomplete;
    return NULL;
}

/* "channels", a list, or else "channel", a text. */
static const char *
read_channels(struct event *e, struct str body)
{
    struct str list = json_scan_get(body, "channels");

    if (json_scan_kind(list) == JSON_ARRAY)
        return read_list(e, list);
    e->channels = mem_resize(NULL, 1, sizeof(*e->channels));
    return is_falsy(list) && add_channel(e, json_scan_get(body, "channel")) ? NULL : incomplete;
}

/* A text that is JSON itself stands for what it says, as Laravel's drivers send it. */
static struct str
read_data(struct event *e, struct str value)
{
    struct str inner;

    if (json_scan_kind(value) != JSON_STRING)
        return value;
    json_scan_string(value, &e->data);
    return json_scan_whole(buffer_str(&e->data), &inner) ? inner : value;
}

const char *
event_read(struct event *e, struct str object)
{
    struct str name, data, socket;
    const char *wrong;

    if (json_scan_kind(object) != JSON_OBJECT)
        return incomplete;
    name = json_scan_get(object, "name");
    data = json_scan_get(object, "data");
    socket = json_scan_get(object, "socket_id");
    if (!is_text(name) || is_falsy(data))
        return incomplete;
    buffer_reserve(&e->storage, object.len);
    wrong = read_channels(e, object);
    if (wrong)
        return wrong;
    e->out = (struct hub_event){
        .channels = e->channels,
        .channel_count = e->channel_count,
        .name = decode(e, name),
        .data = read_data(e, data),
        .socket = is_text(socket) ? decode(e, socket) : str_slice(NULL, 0),
    };
    return NULL;
}

void
event_fini(struct event *e)
{
    buffer_fini(&e->storage);
    buffer_fini(&e->data);
    free(e->channels);
}
