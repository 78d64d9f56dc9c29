/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <stdio.h>
#include <string.h>

#include "client.h"
#include "die.h"
#include "drain.h"
#include "measure.h"
#include "process.h"
#include "report.h"

enum { NAME_SIZE = 200, PACKET_SIZE = 32 * 1024, FLOOD_BATCH_US = 1000 };

struct arguments {
    long count;
    long size;
    long rate;
    long ms;
    long sockets;
    long channels;
};

void
commands_open(struct commands *c, const struct options *o)
{
    memset(c, 0, sizeof(*c));
    crowd_open(&c->crowd, o);
    publish_open(&c->publish, c->crowd.epoll, o);
}

/* Channels in turn; gives how many deliveries the events make. */
static uint64_t
add_events(struct commands *c, long count)
{
    uint64_t deliveries = 0;

    for (long i = 0; i < count; i++) {
        deliveries += crowd_members(&c->crowd, c->channel);
        publish_add(&c->publish, c->channel);
        c->channel = (c->channel + 1) % (size_t)c->crowd.options->channels;
    }
    return deliveries;
}

/* One event on each channel: who does not receive it had not joined. */
static void
probe(struct commands *c)
{
    struct measure m;

    c->channel = 0;
    measure_begin(&m, &c->crowd);
    m.expected = add_events(c, c->crowd.options->channels);
    publish_flush(&c->publish);
    (void)measure_await(&m);
    report_integer("deaf", m.expected - c->crowd.counts.received);
}

/* connect sockets=N: until N clients in all have joined. */
static void
run_connect(struct commands *c, const struct arguments *a)
{
    struct crowd *crowd = &c->crowd;
    struct measure m;
    size_t before = crowd->joined;

    measure_begin(&m, crowd);
    crowd->wanted = a->sockets > 0 && a->sockets < crowd->options->sockets
                        ? (size_t)a->sockets
                        : (size_t)crowd->options->sockets;
    (void)measure_await_value(&m, &crowd->joined, crowd->wanted);
    measure_report(&m);
    size_t new = crowd->joined - before;
    report_real("cpu_us_client", new > 0 ? measure_cpu_us(&m) / (double)new : 0);
    report_integer("joined", new);
    report_integer("failed", crowd->failed);
    report_integer("refused", crowd->refused);
    report_integer("resumed", crowd->resumed);
    report_integer("told", crowd->counts.told);
    report_integer("join_p50_us", histogram_at(&crowd->joining, 0.5));
    report_integer("join_p99_us", histogram_at(&crowd->joining, 0.99));
    report_integer("join_most_us", crowd->joining.most);
    probe(c);
}

/* one count=N: the next event when all have the last. */
static void
run_one(struct commands *c, const struct arguments *a)
{
    struct measure m;

    measure_begin(&m, &c->crowd);
    for (long i = 0; i < a->count; i++) {
        m.expected += add_events(c, 1);
        publish_flush(&c->publish);
        if (!measure_await(&m))
            break;
    }
    measure_report(&m);
}

/* burst count=N size=B: B events at once, the next ones when all have the last. */
static void
run_burst(struct commands *c, const struct arguments *a)
{
    struct measure m;

    measure_begin(&m, &c->crowd);
    for (long i = 0; i < a->count; i++) {
        m.expected += add_events(c, a->size);
        publish_flush(&c->publish);
        if (!measure_await(&m))
            break;
    }
    measure_report(&m);
}

/* paced rate=R ms=T: R events a second, whatever has arrived. */
static void
run_paced(struct commands *c, const struct arguments *a)
{
    struct measure m;
    uint64_t count = (uint64_t)(a->rate * a->ms / 1000);

    measure_begin(&m, &c->crowd);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t due = m.began_us + i * 1000000 / (uint64_t)a->rate;
        for (uint64_t now = crowd_now_us(); now < due; now = crowd_now_us())
            crowd_turn(&c->crowd, (int64_t)(due - now));
        m.expected += add_events(c, 1);
        publish_flush(&c->publish);
    }
    (void)measure_await(&m);
    measure_report(&m);
    report_integer("events", count);
}

/* What is due by now, a batch a millisecond; rate=0: all at once. */
static uint64_t
flood_due(const struct measure *m, const struct arguments *a)
{
    uint64_t elapsed_us = crowd_now_us() - m->began_us;
    uint64_t due = a->rate > 0 ? elapsed_us * (uint64_t)a->rate / 1000000 : (uint64_t)a->count;
    return due < (uint64_t)a->count ? due : (uint64_t)a->count;
}

/*
 * flood count=N rate=R channels=K: events on K channels that nobody listens to.  An event on
 * the crowd's first channel ends it, because it arrives behind all others.
 */
static void
run_flood(struct commands *c, const struct arguments *a)
{
    struct measure m;
    uint64_t sent = 0;

    measure_begin(&m, &c->crowd);
    while (sent < (uint64_t)a->count) {
        for (uint64_t due = flood_due(&m, a); sent < due; sent++)
            publish_nobody(&c->publish, sent % (uint64_t)(a->channels > 0 ? a->channels : 1));
        publish_flush(&c->publish);
        crowd_turn(&c->crowd, FLOOD_BATCH_US);
    }
    c->channel = 0;
    m.expected = add_events(c, 1);
    publish_flush(&c->publish);
    (void)measure_await(&m);
    measure_report(&m);
    report_integer("events", sent);
    report_real("cpu_us_event", measure_cpu_us(&m) / (double)sent);
}

/* whisper count=N: the first client tells the others of its channel. */
static void
run_whisper(struct commands *c, const struct arguments *a)
{
    static char packet[PACKET_SIZE];
    const struct options *o = c->crowd.options;
    char name[NAME_SIZE];
    struct measure m;

    crowd_channel_name(name, sizeof(name), o, 0);
    measure_begin(&m, &c->crowd);
    for (long i = 0; i < a->count; i++) {
        int len = snprintf(packet, sizeof(packet),
            "42[\"client event\",{\"channel\":\"%s\",\"event\":\"client-bench\",\"data\":%.*s}]",
            name, (int)c->publish.data_len, publish_data(&c->publish, 0));
        if ((size_t)len >= sizeof(packet))
            die("payload is %zu: too long for a whisper", c->publish.data_len);
        m.expected += crowd_members(&c->crowd, 0) - 1;
        client_say(&c->crowd.clients[0], packet);
        if (!measure_await(&m))
            break;
    }
    c->crowd.clients[0].last = 0; /* who whispers does not hear itself */
    measure_report(&m);
}

/* payload size=N: the data of the next events. */
static void
run_payload(struct commands *c, const struct arguments *a)
{
    publish_resize(&c->publish, (size_t)a->size);
    report_integer("payload", (uint64_t)a->size);
}

/* leave: all go, and may connect again. */
static void
run_leave(struct commands *c, const struct arguments *a)
{
    (void)a; /* takes none */
    crowd_leave(&c->crowd);
    (void)measure_settle(&c->crowd);
    report_integer("clients", c->crowd.joined);
}

/* memory: of an idle server. */
static void
run_memory(struct commands *c, const struct arguments *a)
{
    (void)a; /* takes none */
    (void)measure_settle(&c->crowd);
    report_integer("clients", c->crowd.joined - c->crowd.cut);
    report_integer("pss_bytes", process_pss_bytes(c->crowd.options->pids));
    report_integer("socket_bytes", process_socket_bytes());
}

/* stall sockets=N: the first N clients stop reading. */
static void
run_stall(struct commands *c, const struct arguments *a)
{
    crowd_stall(&c->crowd, (size_t)a->sockets);
    report_integer("stalled", c->crowd.stalled);
}

/* drain count=N size=B: bursts into the buffers of clients that do not read meanwhile. */
static void
run_drain(struct commands *c, const struct arguments *a)
{
    struct measure m;
    struct drain d = { 0 };

    measure_begin(&m, &c->crowd);
    for (long i = 0; i < a->count; i++) {
        m.expected += add_events(c, a->size);
        drain_begin(&d, &c->crowd);
        publish_flush(&c->publish);
        drain_end(&d, &c->crowd);
        if (!measure_await(&m))
            break;
        drain_add(&d, &c->crowd);
    }
    measure_report(&m);
    report_real("drain_us", drain_median_us(&d));
}

static const struct command {
    const char *name;
    void (*run)(struct commands *c, const struct arguments *a);
    struct arguments fallback;
} list[] = {
    { "connect", run_connect, { 0 } },
    { "one", run_one, { .count = 20 } },
    { "burst", run_burst, { .count = 5, .size = 20 } },
    { "paced", run_paced, { .rate = 50, .ms = 5000 } },
    { "flood", run_flood, { .count = 300000, .rate = 100000 } },
    { "whisper", run_whisper, { .count = 20 } },
    { "payload", run_payload, { .size = 157 } },
    { "leave", run_leave, { 0 } },
    { "memory", run_memory, { 0 } },
    { "stall", run_stall, { 0 } },
    { "drain", run_drain, { .count = 5, .size = 20 } },
};

static long *
argument(struct arguments *a, const char *name)
{
    const struct {
        const char *name;
        long *field;
    } fields[] = { { "count", &a->count }, { "size", &a->size }, { "rate", &a->rate },
        { "ms", &a->ms }, { "sockets", &a->sockets }, { "channels", &a->channels } };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].field;
    die("unknown argument %s", name);
}

static void
parse(struct arguments *a, char *words)
{
    for (char *word = strsep(&words, " "); word != NULL; word = strsep(&words, " ")) {
        char *value = strchr(word, '=');
        if (value == NULL)
            die("\"%s\": expected name=number", word);
        *value++ = '\0';
        *argument(a, word) = options_number(word, value);
    }
}

bool
commands_run(struct commands *c, char *line)
{
    char *rest = line;
    const char *name = strsep(&rest, " ");

    if (strcmp(name, "quit") == 0)
        return false;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (strcmp(list[i].name, name) != 0)
            continue;
        struct arguments a = list[i].fallback;
        parse(&a, rest);
        report_begin(name);
        list[i].run(c, &a);
        report_end();
        return true;
    }
    die("unknown command %s", name);
}
