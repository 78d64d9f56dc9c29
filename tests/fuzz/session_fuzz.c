/* SPDX-License-Identifier: MIT */
/*
 * session_fuzz: bytes as what a few browsers, the application, Redis and time do to a whole worker
 * and its hub: connections, handshakes of both versions, polls, upgrades, packets well formed or
 * not, answers about private channels, events, reloads.  Whatever the order:
 *
 *   - an event of a private channel reaches nobody whom the application did not admit;
 *   - at the end everything closes in order and in time, and nothing is left.
 */
#include "fuzz.h"
#include "input.h"
#include "session_world.h"

enum { OPERATIONS_MAX = 150 };

static const char *const channels[] = { "private-a", "presence-a", "c", SECRET_CHANNEL,
    "presence-b", "private-a.very.long.name.of.a.channel", "" };

static struct wire *
pick_wire(struct world *world, struct input *in)
{
    return &world->wires[input_byte(in) % WIRES];
}

/* "&sid=..." of a session that began, or of none. */
static void
append_sid(struct world *world, struct input *in)
{
    unsigned which = input_byte(in);

    if (which % 8 == 7)
        buffer_append_text(&world->text, "&sid=AAAAAAAAAAAAAAAAAAAA");
    else if (world->sids[which % SIDS][0])
        buffer_printf(&world->text, "&sid=%s", world->sids[which % SIDS]);
}

static void
append_headers(struct world *world, struct input *in)
{
    static const char *const headers[] = { "", "Origin: http://a\r\n", "Cookie: a=b\r\n",
        "X-Forwarded-For: 1.2.3.4\r\n", "Accept-Encoding: gzip, deflate\r\n",
        "Referer: http://x.a/\r\n", "Connection: close\r\n", "Expect: 100-continue\r\n" };
    unsigned which = input_byte(in);

    buffer_append_text(&world->text, headers[which % 8]);
    if (which & 64)
        buffer_append_text(&world->text, headers[which / 8 % 8]);
}

static void
say_request_line(
    struct world *world, struct input *in, const char *method, const char *transport, unsigned how)
{
    buffer_clear(&world->text);
    buffer_printf(&world->text, "%s /socket.io/?EIO=%c&transport=%s%s", method, how & 1 ? '3' : '4',
        transport,
        how & 2   ? "&b64=1"
        : how & 4 ? "&j=1"
                  : "");
    if (!(how & 8))
        append_sid(world, in);
    buffer_append_text(&world->text, " HTTP/1.1\r\nHost: a\r\n");
    append_headers(world, in);
}

static void
poll_or_handshake(struct world *world, struct input *in, unsigned without_sid)
{
    struct wire *w = pick_wire(world, in);
    unsigned how = input_byte(in);

    if (w->fd < 0)
        wire_open(world, w);
    say_request_line(world, in, "GET", "polling", (how & 7) | without_sid);
    buffer_append_text(&world->text, "\r\n");
    w->version = how & 1 ? '3' : '4';
    wire_say(w, buffer_str(&world->text));
}

static void
ask_for_websocket(struct world *world, struct input *in)
{
    struct wire *w = pick_wire(world, in);
    unsigned how = input_byte(in);

    if (w->fd < 0)
        wire_open(world, w);
    say_request_line(world, in, "GET", "websocket", (how & 1) | (how & 8));
    buffer_append_text(&world->text, "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                     "Sec-WebSocket-Version: 13\r\n"
                                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    if (how & 16)
        buffer_append_text(&world->text, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    buffer_append_text(&world->text, "\r\n");
    w->version = how & 1 ? '3' : '4';
    wire_say(w, buffer_str(&world->text));
}

/* Masked with zeros; len is of less than 64 KiB. */
static void
say_frame(struct wire *w, unsigned first, struct str text)
{
    struct buffer frame = { 0 };

    buffer_append_char(&frame, (char)first);
    if (text.len < 126) {
        buffer_append_char(&frame, (char)(0x80 | text.len));
    } else {
        buffer_append_char(&frame, (char)(0x80 | 126));
        buffer_append_char(&frame, (char)(text.len >> 8 & 0xff));
        buffer_append_char(&frame, (char)(text.len & 0xff));
    }
    buffer_append(&frame, "\0\0\0\0", 4);
    buffer_append_str(&frame, text);
    wire_say(w, buffer_str(&frame));
    buffer_fini(&frame);
}

/* In a frame, or in a POST on behalf of a session, as version 3 or 4 writes it. */
static void
say_packet(struct world *world, struct input *in, struct wire *w, struct str packet)
{
    struct buffer body = { 0 };
    bool counted = w->version == '3';

    if (w->websocket) {
        say_frame(w, 0x81, packet);
        return;
    }
    if (w->fd < 0)
        wire_open(world, w);
    if (counted)
        buffer_printf(&body, "%zu:", packet.len);
    buffer_append_str(&body, packet);
    say_request_line(world, in, "POST", "polling", counted);
    buffer_printf(&world->text,
        "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n", body.len);
    buffer_append_str(&world->text, buffer_str(&body));
    buffer_fini(&body);
    wire_say(w, buffer_str(&world->text));
}

static void
say_echo(struct world *world, struct input *in)
{
    static const char *const names[] = { "subscribe", "unsubscribe", "client event" };
    struct wire *w = pick_wire(world, in);
    unsigned which = input_byte(in);
    const char *name = names[which % 3], *channel = channels[which / 3 % COUNT_OF(channels)];
    struct buffer packet = { 0 };
    struct str data;

    buffer_append_text(&packet, "42");
    if (which & 128)
        buffer_append_u64(&packet, which);
    buffer_printf(&packet, "[\"%s\",{\"channel\":\"%s\"", name, channel);
    if (which % 3 == 2)
        buffer_append_text(&packet, ",\"event\":\"client-x\",\"data\":{\"a\":1}");
    if (which & 64)
        buffer_append_text(&packet, ",\"auth\":{\"headers\":{\"Authorization\":\"Bearer x\"}}");
    data = input_text(in); /* further members, or what ends the packet early */
    buffer_append_str(&packet, data);
    buffer_append_text(&packet, "}]");
    say_packet(world, in, w, buffer_str(&packet));
    buffer_fini(&packet);
}

static void
say_any_packet(struct world *world, struct input *in)
{
    static const char *const packets[] = { "40", "40{}", "2probe", "5", "2", "3", "1", "41", "6",
        "43[]", "451-[\"x\",{\"_placeholder\":true,\"num\":0}]", "40/admin," };
    struct wire *w = pick_wire(world, in);
    unsigned which = input_byte(in);

    if (which % 16 < COUNT_OF(packets))
        say_packet(world, in, w, str_of(packets[which % 16]));
    else
        say_packet(world, in, w, input_text(in));
}

static void
say_any_frame(struct world *world, struct input *in)
{
    struct wire *w = pick_wire(world, in);
    unsigned first = input_byte(in);

    say_frame(w, first, input_text(in));
}

static void
say_anything(struct world *world, struct input *in)
{
    struct wire *w = pick_wire(world, in);

    if (w->fd < 0)
        wire_open(world, w);
    wire_say(w, input_text(in));
}

static void
ask_api(struct world *world, struct input *in)
{
    static const char *const targets[] = { "GET /apps/app/channels", "GET /apps/app/status",
        "GET /apps/app/channels/presence-a", "GET /apps/app/channels/presence-a/users",
        "POST /apps/app/events", "POST /apps/app/batch_events", "GET /socket.io/socket.io.js",
        "GET /health/ready" };
    static const char one[] = "{\"name\":\"E\",\"channels\":[\"c\",\"presence-a\"],\"data\":\"1\"}";
    static const char several[] =
        "{\"batch\":[{\"name\":\"E\",\"channel\":\"c\",\"data\":\"{}\"}]}";
    struct wire *w = pick_wire(world, in);
    unsigned which = input_byte(in);
    struct str body = input_text(in);

    if (body.len == 0)
        body = str_of(which & 16 ? one : several);
    if (w->fd < 0)
        wire_open(world, w);
    buffer_clear(&world->text);
    buffer_printf(&world->text, "%s?auth_key=%s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
        targets[which % 8], which & 8 ? "wrong" : "key", body.len);
    buffer_append_str(&world->text, body);
    wire_say(w, buffer_str(&world->text));
}

static void
break_wire(struct world *world, struct input *in)
{
    struct wire *w = pick_wire(world, in);

    switch (input_byte(in) % 3) {
    case 0:
        wire_close(w);
        break;
    case 1:
        w->silent = !w->silent;
        break;
    default:
        if (w->fd >= 0)
            shutdown(w->fd, SHUT_WR);
        break;
    }
}

static void
answer_question(struct world *world, struct input *in)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue",
        "HTTP/1.1 200 OK\r\nContent-Length: 46\r\n\r\n"
        "{\"channel_data\":{\"user_id\":1,\"user_info\":{}}} ",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1e\r\n"
        "{\"channel_data\":{\"user_id\":2}}\r\n0\r\n\r\n",
        "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n<a>",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut",
        "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
    };
    unsigned which = input_byte(in);
    size_t i;

    world->refuses = which % 16 == 15;
    if (fake_connection_count == 0)
        return;
    i = which / 16 % fake_connection_count;
    if (which % 16 < 8)
        world_answer(world, i, str_of(answers[which % 16]));
    else if (which % 16 < 12)
        world_answer(world, i, input_text(in));
    else
        world_end_connection(world, i);
}

static void
publish(struct world *world, struct input *in)
{
    const char *channel = INPUT_PICK(in, channels);
    bool secret = strcmp(channel, SECRET_CHANNEL) == 0;
    struct buffer name = { 0 };

    buffer_printf(&name, "p:%s", channel);
    buffer_clear(&world->text);
    buffer_printf(&world->text, "{\"event\":\"E\",\"data\":{\"m\":\"%s\"},\"socket\":null}",
        secret ? world->mark : "public");
    world->subscriber->handlers->on_message(
        world->subscriber->owner, buffer_str(&name), buffer_str(&world->text));
    buffer_fini(&name);
}

static void
hear_redis(struct world *world, struct input *in)
{
    static const char *const names[] = { "p:echo-server:relay", "p:echo-server:presence:presence-a",
        "p:presence-a", "p:c" };
    const struct redis_value nil = { .kind = REDIS_NIL };
    unsigned which = input_byte(in);
    struct redis_link *r = which & 4 ? world->subscriber : world->commands;

    if (which % 4 == 0) {
        const char *name = INPUT_PICK(in, names);

        world->subscriber->handlers->on_message(
            world->subscriber->owner, str_of(name), input_text(in));
    } else if (which % 4 == 1 && world->commands->asked_count > 0) {
        fake_redis_reply(world->commands, &nil);
    } else if (which % 4 == 2 && r->ready) {
        fake_redis_down(r);
    } else if (which % 4 == 3 && !r->ready) {
        r->ready = true;
        r->handlers->on_ready(r->owner);
        if (r == world->subscriber)
            r->handlers->on_subscribed(r->owner);
    }
}

static void
pass_time(struct world *world, struct input *in)
{
    static const unsigned ms[] = { 1, 10, 50, 300, 1000, 2500, 5000, 11000, 25000, 46000 };

    world_turn(world, INPUT_PICK(in, ms));
}

static void
renew(struct world *world, struct input *in)
{
    unsigned before = world->renewed;

    worker_renew(world->worker, world_snapshots[input_byte(in) % WORLD_CONFIGS]);
    world_turn(world, 0);
    ENSURE(world->renewed == before + 1);
}

static void
operate(struct world *world, struct input *in)
{
    switch (input_byte(in) % 16) {
    case 0:
        poll_or_handshake(world, in, 8);
        break;
    case 1:
        poll_or_handshake(world, in, 0);
        break;
    case 2:
        ask_for_websocket(world, in);
        break;
    case 3:
        say_echo(world, in);
        break;
    case 4:
        say_any_packet(world, in);
        break;
    case 5:
        say_any_frame(world, in);
        break;
    case 6:
        say_anything(world, in);
        break;
    case 7:
        ask_api(world, in);
        break;
    case 8:
        break_wire(world, in);
        break;
    case 9:
        answer_question(world, in);
        break;
    case 10:
        publish(world, in);
        break;
    case 11:
        hear_redis(world, in);
        break;
    case 12:
        renew(world, in);
        break;
    case 13:
        return; /* the next in the same turn */
    default:
        pass_time(world, in);
        break;
    }
    world_turn(world, 0);
    while (world->commands->asked_count > FAKE_ASKED_MAX / 2)
        fake_redis_reply(world->commands, &(struct redis_value){ .kind = REDIS_NIL });
}

/* Of the input, so that no input can hold it. */
static void
make_mark(struct world *world, const uint8_t *data, size_t size)
{
    uint64_t h = 0xcbf29ce484222325;

    for (size_t i = 0; i < size; i++)
        h = (h ^ data[i]) * 0x100000001b3;
    snprintf(world->mark, sizeof(world->mark), "%016llx", (unsigned long long)h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct world world = { 0 };

    make_mark(&world, data, size);
    world_begin(&world, input_byte(&in) & 1);
    for (int i = 0; i < OPERATIONS_MAX && in.left > 0; i++)
        operate(&world, &in);
    world_end(&world);
    return 0;
}
