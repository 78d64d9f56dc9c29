/* SPDX-License-Identifier: MIT */
/*
 * session_world: a worker and the hub on one loop, with everything in it that a server has, and
 * around it what an input plays: the browsers' ends of connections, the application, Redis.
 * Included by one entry.
 */
#ifndef FUZZ_SESSION_WORLD_H
#define FUZZ_SESSION_WORLD_H

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/log.h"
#include "cluster/fake_redis.h"
#include "config/config.h"
#include "fake_application.h"
#include "fake_time.h"
#include "snapshot.h"
#include "worker_priv.h"

enum {
    WIRES = 5,
    SIDS = 4,
    SID_MAX = 32,
    DESCRIPTORS = 128,
    MARK_SIZE = 17,
    SCARCE_BYTES = 6000, /* of memory, in the second configuration: less than may be configured */
    QUESTION_MAX = 8192,
    END_STEPS = 200,
    END_STEP_MS = 200,
};

/* Nobody is admitted to it, whatever else the application answers. */
#define SECRET_CHANNEL "private-never"

/* A browser's end of a connection. */
struct wire {
    int fd; /* -1: none */
    bool websocket, silent;
    char version;
};

struct world {
    struct loop *loop;
    struct hub *hub;
    struct worker *worker;
    struct redis_link *subscriber, *commands;
    struct wire wires[WIRES];
    char sids[SIDS][SID_MAX];
    unsigned sid_count;
    char mark[MARK_SIZE];              /* of this input: what is published to SECRET_CHANNEL */
    bool secret[FAKE_CONNECTIONS_MAX]; /* a question about it waits on this connection */
    bool asked[FAKE_CONNECTIONS_MAX];
    bool refuses; /* the application takes no connection */
    bool closed;
    unsigned renewed;
    struct buffer text; /* what is being said */
};

/* ---- configurations, made once: a reload changes from one to another ---- */

static const char *const world_texts[] = {
    "{\"authHost\":\"http://127.0.0.1\",\"clients\":[{\"appId\":\"app\",\"key\":\"key\"}],"
    "\"workers\":1,\"maxConnections\":4,\"maxChannels\":5,\"authMaxRequests\":2,"
    "\"authTimeout\":1000,\"authRetryTime\":2000,\"shutdownTimeout\":1000,"
    "\"databaseConfig\":{\"redis\":{\"keyPrefix\":\"p:\"},\"publishPresence\":true}}",
    "{\"authHost\":\"http://127.0.0.1\",\"clients\":[{\"appId\":\"app\",\"key\":\"key\"}],"
    "\"workers\":1,\"maxConnections\":2,\"maxChannels\":2,\"authMaxRequests\":1,"
    "\"authTimeout\":500,\"authRetryTime\":0,\"shutdownTimeout\":1000,\"subscribeRate\":3,"
    "\"whisperRate\":2,\"whisperMaxSize\":10,\"sendQueueLimit\":1024,\"maxChannelLength\":12,"
    "\"socketio\":{\"perMessageDeflate\":{\"threshold\":10},\"pingInterval\":500,"
    "\"pingTimeout\":300,\"upgradeTimeout\":400,\"connectTimeout\":600,\"cookie\":true,"
    "\"maxHttpBufferSize\":300,\"origins\":\"http://a:*\"},\"devMode\":true,"
    "\"databaseConfig\":{\"redis\":{\"keyPrefix\":\"p:\"},\"publishPresence\":true}}",
    "{\"authHost\":[\"http://127.0.0.1\",\".a\"],\"clients\":[],\"workers\":1,"
    "\"allowedOrigins\":\"http://a\",\"apiOriginAllow\":{\"allowCors\":true,"
    "\"allowOrigin\":\"http://a\"},\"shutdownTimeout\":1000,\"authTimeout\":1000,"
    "\"socketio\":{\"allowUpgrades\":false,\"transports\":[\"polling\"],"
    "\"serveClient\":false},"
    "\"databaseConfig\":{\"redis\":{\"keyPrefix\":\"p:\"},\"publishPresence\":true}}",
};
enum { WORLD_CONFIGS = 3 };
static struct config *world_configs[WORLD_CONFIGS];
static struct snapshot *world_snapshots[WORLD_CONFIGS];

static inline void
world_say_error(void *owner, enum config_severity severity, const char *line)
{
    (void)owner;
    if (severity == CONFIG_ERROR)
        fprintf(stderr, "%s\n", line);
}

static inline struct config *
world_config(const char *text)
{
    int fd = memfd_create("config", MFD_CLOEXEC);
    char path[32];
    struct config *c;

    ENSURE(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    c = config_load(&(struct config_request){ .file = path, .say = world_say_error });
    close(fd);
    ENSURE(c);
    return c;
}

static inline void
world_make_snapshots(void)
{
    struct buffer error = { 0 };

    for (unsigned i = 0; i < WORLD_CONFIGS && !world_snapshots[i]; i++) {
        world_configs[i] = world_config(world_texts[i]);
        world_snapshots[i] = i == 0 ? snapshot_new(world_configs[0], DESCRIPTORS)
                                    : snapshot_renew(world_snapshots[0], world_configs[i]);
        ENSURE(snapshot_find_auth(world_snapshots[i], world_configs[i], &error));
    }
    world_snapshots[1]->memory_limit = SCARCE_BYTES;
}

/* ---- the browsers' side ---- */

static inline void
wire_close(struct wire *w)
{
    if (w->fd >= 0)
        close(w->fd);
    *w = (struct wire){ .fd = -1 };
}

static inline void
wire_open(struct world *world, struct wire *w)
{
    struct sockaddr_in peer = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct stream *s;
    int pair[2];

    wire_close(w);
    ENSURE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    w->fd = pair[1];
    s = stream_new(world->loop, pair[0], (const struct sockaddr *)&peer);
    stream_accepted(s);
    worker_clients_accept(world->worker, s);
}

static inline void
wire_say(struct wire *w, struct str text)
{
    if (w->fd >= 0 && send(w->fd, text.data, text.len, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
        wire_close(w);
}

/* Of a packet "open", which alone names the session's key. */
static inline void
world_learn_sid(struct world *world, struct str heard)
{
    static const struct str before = STR_LIT("0{\"sid\":\"");
    const char *at = heard.data, *end = heard.data + heard.len, *quote;

    while ((at = memmem(at, (size_t)(end - at), before.data, before.len))) {
        bool connect = at > heard.data && at[-1] == '4';

        at += before.len;
        quote = memchr(at, '"', (size_t)(end - at));
        if (!connect && quote && quote - at < SID_MAX)
            snprintf(
                world->sids[world->sid_count++ % SIDS], SID_MAX, "%.*s", (int)(quote - at), at);
    }
}

static inline void
wire_hear(struct world *world, struct wire *w)
{
    char heard[16384];
    ssize_t len = -1;

    while (w->fd >= 0 && (len = recv(w->fd, heard, sizeof(heard), 0)) > 0) {
        ENSURE(!memmem(heard, (size_t)len, world->mark, strlen(world->mark)));
        world_learn_sid(world, str_slice(heard, (size_t)len));
        if (memmem(heard, (size_t)len, "HTTP/1.1 101", 12))
            w->websocket = true;
    }
    if (w->fd >= 0 && (len == 0 || errno != EAGAIN))
        wire_close(w);
}

/* ---- the application's side ---- */

static inline void
world_hear_questions(struct world *world)
{
    static char question[QUESTION_MAX];
    size_t len;

    fake_application_accept(world->refuses);
    for (size_t i = 0; i < fake_connection_count; i++) {
        (void)fake_application_read(i, question, sizeof(question), &len);
        world->asked[i] |= len > 0;
        world->secret[i] |= memmem(question, len, SECRET_CHANNEL, strlen(SECRET_CHANNEL)) != NULL;
    }
}

static inline void
world_end_connection(struct world *world, size_t i)
{
    fake_application_close(i);
    for (; i < fake_connection_count; i++) {
        world->asked[i] = world->asked[i + 1];
        world->secret[i] = world->secret[i + 1];
    }
    world->asked[i] = world->secret[i] = false;
}

/* One answer to one question; about the secret channel it is always no. */
static inline void
world_answer(struct world *world, size_t i, struct str answer)
{
    static const struct str no = STR_LIT("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");

    if (world->secret[i])
        answer = no;
    if (!world->asked[i])
        return;
    world->asked[i] = world->secret[i] = false;
    (void)send(fake_connections[i], answer.data, answer.len, MSG_NOSIGNAL);
}

/* ---- all of it ---- */

/* What the loop does is heard at once, unless a browser does not read. */
static inline void
world_turn(struct world *world, uint64_t ms)
{
    fake_time_pass(world->loop, ms);
    world_hear_questions(world);
    for (unsigned i = 0; i < WIRES; i++) {
        if (!world->wires[i].silent)
            wire_hear(world, &world->wires[i]);
    }
}

static inline void
world_on_closed(void *owner)
{
    struct world *world = owner;

    world->closed = true;
    hub_stop(world->hub);
}

static inline void
world_on_renewed(void *owner)
{
    ((struct world *)owner)->renewed++;
}

/* memory: members are kept in it, and not in Redis. */
static inline void
world_begin(struct world *world, bool memory)
{
    struct hub_options hub;
    struct worker_options o = {
        .on_closed = world_on_closed, .on_renewed = world_on_renewed, .owner = world
    };

    log_set_level(LOG_LEVEL_ERROR);
    world_make_snapshots();
    fake_time_begin();
    for (unsigned i = 0; i < WIRES; i++)
        world->wires[i].fd = -1;
    world->loop = loop_new();
    hub = world_snapshots[0]->hub;
    hub.cluster.presence = !memory;
    world->hub = hub_open(world->loop, &hub);
    world->subscriber = fake_subscriber;
    world->commands = fake_commands;
    o.limits = world_snapshots[0];
    o.loop = world->loop;
    o.hub = world->hub;
    o.peers = &world->worker;
    world->worker = worker_open(&o);
    loop_turn(world->loop);
}

/* Everything ends, in order and in time, whatever was under way. */
static inline void
world_end(struct world *world)
{
    hub_retire(world->hub);
    worker_stop(world->worker);
    for (int i = 0; i < END_STEPS; i++) {
        world_turn(world, END_STEP_MS);
        while (world->commands == fake_commands && world->commands->asked_count > 0)
            fake_redis_reply(world->commands, &(struct redis_value){ .kind = REDIS_NIL });
    }
    ENSURE(world->closed && fake_open == 0 && list_empty(&fake_connectors));
    for (unsigned i = 0; i < WIRES; i++)
        wire_close(&world->wires[i]);
    while (fake_connection_count > 0)
        world_end_connection(world, 0);
    loop_stop(world->loop);
    loop_run(world->loop);
    worker_free(world->worker);
    hub_free(world->hub);
    loop_free(world->loop);
    buffer_fini(&world->text);
    fake_time_end();
}

#endif
