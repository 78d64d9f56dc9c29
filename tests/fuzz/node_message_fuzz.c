/* SPDX-License-Identifier: MIT */
/*
 * node_message_fuzz: a hub with one worker, and bytes as what Redis and the other nodes say to it:
 * events, messages of nodes, changes and lists of members, replies to its commands, and the end of
 * connections, while channels are joined and left.  Whatever comes, what goes to the browsers is an
 * event, and what goes to the HTTP API is JSON.
 */
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/log.h"
#include "cluster/fake_redis.h"
#include "cluster/fields.h"
#include "fake_time.h"
#include "fuzz.h"
#include "hub/hub.h"
#include "hub/hub_link.h"
#include "input.h"
#include "json/json_scan.h"

#define PREFIX "p:"

enum {
    OPERATIONS_MAX = 200,
    LISTENERS = 3,
    MEMBERS = 3,
    VALUES_MAX = 64,
    DEPTH_MAX = 4,
    FAREWELL_STEPS = 30,
    FAREWELL_STEP_MS = 100,
};

static const char *const channels[LISTENERS] = { "presence-a", "private-b", "c" };
static const char *const nodes[] = { "n1", "n2", "~n1", "" };

/* What is in effect for one input. */
struct scene {
    struct loop *loop;
    struct hub *hub;
    struct hub_link *link;
    struct redis_link *subscriber, *commands;
    unsigned joined[LISTENERS];
    struct buffer text; /* the message that is being made */
};

/* ---- what the hub says ---- */

static void
check_event(struct bytes *text)
{
    struct str s = bytes_str(text), value;

    ENSURE(str_starts(s, "42[") && json_scan_whole(str_slice(s.data + 2, s.len - 2), &value));
}

/* Several that follow each other come as one. */
static void
on_broadcast(void *owner, struct str channel, struct bytes *text, struct str except)
{
    struct str rest = bytes_str(text), one, value;

    (void)owner, (void)except;
    ENSURE(channel.len > 0);
    while (rest.len > 0) {
        one = str_cut(rest, '\x1e', &rest);
        if (str_starts(one, "4"))
            one = str_slice(one.data + 1, one.len - 1);
        ENSURE(one.len > 1 && json_scan_whole(str_slice(one.data + 1, one.len - 1), &value));
    }
}

static void
on_list(void *owner, uint32_t token, struct bytes *text)
{
    (void)owner, (void)token;
    check_event(text);
}

static void
on_json(void *owner, uint32_t token, struct bytes *json)
{
    struct buffer object = { 0 };
    struct str value;

    (void)owner, (void)token;
    buffer_printf(&object, "{%.*s}", STR_ARG(bytes_str(json)));
    ENSURE(json_scan_whole(buffer_str(&object), &value));
    buffer_fini(&object);
}

/* ---- what Redis says ---- */

static struct redis_value values[VALUES_MAX];
static size_t value_count;

/* A reply of any shape; NULL when there is no room for more. */
static struct redis_value
make_value(struct input *in, unsigned depth)
{
    struct redis_value v = { .kind = (enum redis_kind)(input_byte(in) % (REDIS_ARRAY + 1)) };
    size_t count;

    if (v.kind == REDIS_ARRAY && depth < DEPTH_MAX) {
        count = input_byte(in) % 8;
        if (value_count + count > VALUES_MAX)
            return v;
        v.items = &values[value_count];
        v.count = count;
        value_count += count;
        for (size_t i = 0; i < count; i++)
            values[(size_t)(v.items - values) + i] = make_value(in, depth + 1);
    } else if (v.kind == REDIS_INTEGER) {
        v.integer = (signed char)input_byte(in);
    } else if (v.kind != REDIS_NIL) {
        v.text = input_text(in);
    }
    return v;
}

static void
reply_any(struct scene *s, struct input *in)
{
    struct redis_value v;

    value_count = 0;
    v = make_value(in, 0);
    if (s->commands->asked_count > 0)
        fake_redis_reply(s->commands, &v);
}

static void
put_digits(struct scene *s, struct input *in)
{
    fields_put_u64(&s->text, input_byte(in));
}

static void
put_member(struct scene *s, struct input *in)
{
    static const char *const members[] = { "{}", "{\"user_id\":1,\"socketId\":\"x\"}",
        "{\"user_id\":\"u\",\"user_info\":{\"n\":[1,2]}}", "[]", "{" };

    fields_put_u64(&s->text, input_byte(in) % 4);
    fields_put(&s->text, str_of(INPUT_PICK(in, members)));
}

/* What LIST answers: the version, and pairs of connection and entry. */
static void
reply_list(struct scene *s, struct input *in)
{
    enum { PAIRS = 3 };
    struct redis_value items[2 * PAIRS], list[2];
    struct buffer entries[PAIRS] = { 0 };
    struct redis_value reply = { .kind = REDIS_ARRAY, .items = list, .count = 2 };
    struct buffer version = { 0 };

    buffer_append_u64(&version, input_byte(in));
    list[0] = (struct redis_value){ .kind = REDIS_STRING, .text = buffer_str(&version) };
    for (size_t i = 0; i < PAIRS; i++) {
        buffer_clear(&s->text);
        put_digits(s, in);
        put_member(s, in);
        buffer_append_str(&entries[i], buffer_str(&s->text));
        items[2 * i] = (struct redis_value){ .kind = REDIS_STRING, .text = input_text(in) };
        items[2 * i + 1] =
            (struct redis_value){ .kind = REDIS_STRING, .text = buffer_str(&entries[i]) };
    }
    list[1] = (struct redis_value){
        .kind = REDIS_ARRAY, .items = items, .count = 2 * (input_byte(in) % (PAIRS + 1))
    };
    if (s->commands->asked_count > 0)
        fake_redis_reply(s->commands, &reply);
    for (size_t i = 0; i < PAIRS; i++)
        buffer_fini(&entries[i]);
    buffer_fini(&version);
}

static void
hear(struct scene *s, const char *name, struct str payload)
{
    s->subscriber->handlers->on_message(s->subscriber->owner, str_of(name), payload);
}

static void
hear_raw(struct scene *s, struct input *in)
{
    static const char *const names[] = { PREFIX "echo-server:relay",
        PREFIX "echo-server:presence:presence-a", PREFIX "presence-a", PREFIX "private-b",
        PREFIX "c", PREFIX, "other", PREFIX "echo-server:" };
    const char *name = INPUT_PICK(in, names);

    hear(s, name, input_text(in));
}

static void
hear_node(struct scene *s, struct input *in)
{
    static const char *const ops[] = { "event", "ask", "answer", "hello" };

    buffer_clear(&s->text);
    fields_put(&s->text, STR_LIT("1"));
    fields_put(&s->text, str_of(INPUT_PICK(in, nodes)));
    fields_put(&s->text, str_of(INPUT_PICK(in, ops)));
    for (unsigned n = input_byte(in) % 4; n > 0; n--) {
        unsigned kind = input_byte(in);

        if (kind % 4 == 0)
            fields_put(&s->text, str_of(channels[kind / 4 % LISTENERS]));
        else if (kind % 4 == 1)
            put_digits(s, in);
        else
            fields_put(&s->text, input_text(in));
    }
    hear(s, PREFIX "echo-server:relay", buffer_str(&s->text));
}

static void
hear_change(struct scene *s, struct input *in)
{
    bool enters = input_byte(in) % 2;

    buffer_clear(&s->text);
    fields_put(&s->text, STR_LIT("1"));
    put_digits(s, in);
    put_digits(s, in);
    fields_put(&s->text, enters ? STR_LIT("+") : STR_LIT("-"));
    fields_put(&s->text, input_text(in));
    if (enters)
        put_member(s, in);
    hear(s, PREFIX "echo-server:presence:presence-a", buffer_str(&s->text));
}

static void
hear_event(struct scene *s, struct input *in)
{
    const char *channel = INPUT_PICK(in, channels);

    buffer_clear(&s->text);
    buffer_printf(&s->text, PREFIX "%s%c", channel, '\0');
    hear(s, s->text.data, STR_LIT("{\"event\":\"E\",\"data\":{\"a\":1},\"socket\":null}"));
}

/* ---- what the worker says ---- */

static void
join_or_leave(struct scene *s, struct input *in)
{
    unsigned choice = input_byte(in), i = choice / 2 % LISTENERS;
    struct bytes *name = bytes_new(channels[i], strlen(channels[i]));

    if (choice % 2 == 0) {
        s->joined[i]++;
        hub_link_join(s->link, name);
    } else if (s->joined[i] > 0) {
        s->joined[i]--;
        hub_link_leave(s->link, name);
    }
    bytes_unref(name);
}

static void
enter_or_depart(struct scene *s, struct input *in)
{
    static const char *const ids[MEMBERS] = { "1.1", "2.2", "3.3" };
    unsigned choice = input_byte(in);
    struct presence_member m = {
        .channel = STR_LIT("presence-a"),
        .id = str_of(ids[choice / 4 % MEMBERS]),
        .user = choice & 64 ? STR_LIT("1") : STR_LIT("u"),
        .data = STR_LIT("{\"user_id\":1,\"socketId\":\"1.1\"}"),
    };

    if (choice % 4 == 0)
        hub_link_depart(s->link, m.channel, m.id);
    else if (choice % 4 == 1)
        (void)hub_link_members(s->link, m.channel, on_list, s);
    else
        (void)hub_link_enter(s->link, &m, on_list, s);
}

static void
ask_or_whisper(struct scene *s, struct input *in)
{
    static const struct str whisper = STR_LIT("42[\"client-x\",\"c\",1]");
    unsigned choice = input_byte(in);
    const char *channel = channels[choice / 8 % LISTENERS];
    struct hub_question q = {
        .kind = (enum hub_query)(choice % 5), .name = str_of(channel), .cluster = choice & 128
    };
    struct bytes *text;

    if (choice % 8 < 5) {
        (void)hub_link_ask(s->link, &q, on_json, s);
        return;
    }
    text = bytes_new(whisper.data, whisper.len);
    hub_link_whisper(s->link, str_of(channel), text, STR_LIT("1.1"));
    bytes_unref(text);
}

/* ---- all of it ---- */

static void
come_or_go(struct scene *s, struct input *in)
{
    unsigned choice = input_byte(in);
    struct redis_link *r = choice % 2 ? s->subscriber : s->commands;

    if (r->ready) {
        fake_redis_down(r);
        return;
    }
    r->ready = true;
    r->handlers->on_ready(r->owner);
    if (r == s->subscriber && r->ready)
        r->handlers->on_subscribed(r->owner);
}

static void
operate(struct scene *s, struct input *in)
{
    static const unsigned ms[] = { 1, 10, 100, 500, 1000, 3000, 10000, 60000 };

    switch (input_byte(in) % 12) {
    case 0:
        come_or_go(s, in);
        break;
    case 1:
        join_or_leave(s, in);
        break;
    case 2:
        enter_or_depart(s, in);
        break;
    case 3:
        ask_or_whisper(s, in);
        break;
    case 4:
        hear_raw(s, in);
        break;
    case 5:
        hear_node(s, in);
        break;
    case 6:
        hear_change(s, in);
        break;
    case 7:
        hear_event(s, in);
        break;
    case 8:
        reply_any(s, in);
        break;
    case 9:
        reply_list(s, in);
        break;
    case 10:
        fake_time_pass(s->loop, INPUT_PICK(in, ms));
        break;
    default:
        loop_turn(s->loop);
        break;
    }
    /* The fake remembers no more than that. */
    while (s->commands->asked_count > FAKE_ASKED_MAX / 2)
        fake_redis_reply(s->commands, &(struct redis_value){ .kind = REDIS_NIL });
}

static void
scene_begin(struct scene *s)
{
    static const struct hub_link_handlers handlers = { .on_broadcast = on_broadcast };
    const struct hub_options o = {
        .workers = 1,
        .mailbox_bytes = 1 << 20,
        .leave_grace_ms = 300,
        .cluster = { .key_prefix = PREFIX,
            .events = true,
            .presence = true,
            .members_key = true,
            .publish_presence = true },
    };

    s->loop = loop_new();
    s->hub = hub_open(s->loop, &o);
    s->subscriber = fake_subscriber;
    s->commands = fake_commands;
    s->link = hub_link_open(s->loop, s->hub, 0);
    hub_link_attach(s->link, &handlers, s);
}

static void
scene_end(struct scene *s)
{
    hub_link_close(s->link);
    hub_stop(s->hub);
    for (int i = 0; i < FAREWELL_STEPS; i++)
        fake_time_pass(s->loop, FAREWELL_STEP_MS);
    loop_stop(s->loop);
    loop_run(s->loop);
    hub_link_free(s->link);
    hub_free(s->hub);
    loop_free(s->loop);
    buffer_fini(&s->text);
    ENSURE(fake_open == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct scene s = { 0 };

    log_set_level(LOG_LEVEL_ERROR);
    fake_time_begin();
    scene_begin(&s);
    for (int i = 0; i < OPERATIONS_MAX && in.left > 0; i++)
        operate(&s, &in);
    scene_end(&s);
    fake_time_end();
    return 0;
}
