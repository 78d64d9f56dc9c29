/* SPDX-License-Identifier: MIT */
/*
 * strange_prefix: what is seen, and on which names.
 *
 *   unheard by the subscription --.
 *                                 +--> a subscribed channel at the end of the name? an event?
 *   own link, PSUBSCRIBE *<name> -'         a prefix not reported yet? --> one line in the log
 *
 * The link's names belong to a turn of a minute.  In a turn that is off it has none.
 */
#include "strange_prefix.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "cluster/cluster.h"
#include "net/loop.h"
#include "net/timer.h"
#include "redis/redis_link.h"
#include "wire/envelope.h"

enum {
    NAMES_MAX = 8,
    SEEN_MAX = 8,     /* prefixes reported; then the search is over */
    PREFIX_MAX = 128, /* bytes of a prefix */
    NAME_MAX_BYTES = 512,
    ASKED_MIN = 4, /* bytes of a name that is listened to */
    ASKED_MAX = 100,
    CONSIDERED_PER_TICK = 500, /* names */
    TICK_MS = 1000,
    LOOKS_PER_TICK = 500,
    TURN_TICKS = 60,
    FIRST_TURNS = 10, /* all on; later one of so many */
    REFUSALS_MAX = 2, /* one may be a connection that was lost at that moment */
};

struct strange_prefix {
    struct loop *loop;
    struct cluster_channels channels;
    char *prefix;
    uint64_t tick_ms;
    bool subscribed;
    /* What was reported. */
    struct buffer seen[SEEN_MAX];
    size_t seen_count;
    /* The rate of looks. */
    uint64_t looks_since_ms;
    unsigned looks;
    /* Its own link; NULL without a prefix, and when Redis refuses such patterns. */
    struct redis_link *link;
    struct timer tick;
    struct buffer names[NAMES_MAX]; /* that the link listens to */
    size_t name_count;
    size_t cursor;     /* of the channels: where the next name is taken from */
    bool confirmed;    /* the first of the names */
    unsigned refusals; /* in a row */
    bool on;           /* this turn */
    uint64_t turns, ticks;
};

/* ---- what is seen ---- */

static bool
may_look(struct strange_prefix *p)
{
    uint64_t now_ms = loop_now_ms(p->loop);

    if (now_ms - p->looks_since_ms >= p->tick_ms) {
        p->looks_since_ms = now_ms;
        p->looks = 0;
    }
    return p->looks++ < LOOKS_PER_TICK;
}

/*
 * Whether seen, which stands before a subscribed channel's name, can be a prefix.  What ends with a
 * dot or a marker belongs to the name of another channel; under our own prefix so does what does
 * not end with a prefix's separator ("chat-" of "chat-room", where clients subscribed to "room").
 */
static bool
is_plausible(const struct strange_prefix *p, struct str seen)
{
    bool under_own = p->prefix[0] != '\0' && str_starts(seen, p->prefix);

    if (str_is(seen, p->prefix))
        return false; /* our own prefix, which the subscriber is about to hear */
    if (str_contains(seen, "echo-server:") || str_starts(seen, "__key"))
        return false; /* other nodes; Redis' own notices of its keys */
    if (str_ends(seen, ".") || str_ends(seen, "private-") || str_ends(seen, "presence-"))
        return false;
    return !under_own || str_ends(seen, "_") || str_ends(seen, ":") || str_ends(seen, "database-");
}

static bool
is_among(const struct buffer *texts, size_t count, struct str text)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(buffer_str(&texts[i]), text))
            return true;
    }
    return false;
}

/* The longest subscribed channel at the end of name counts: what is before it is the prefix. */
void
strange_prefix_look(struct strange_prefix *p, struct str name, struct str payload)
{
    struct envelope e;
    struct str channel, seen;

    if (name.len > NAME_MAX_BYTES || p->seen_count == SEEN_MAX || !may_look(p))
        return;
    for (size_t at = 0; at < name.len && at <= PREFIX_MAX; at++) {
        channel = str_slice(name.data + at, name.len - at);
        if (!p->channels.has(p->channels.owner, channel))
            continue;
        seen = str_slice(name.data, at);
        if (!is_plausible(p, seen) || is_among(p->seen, p->seen_count, seen) ||
            !envelope_parse(payload, &e))
            return;
        ENSURE(p->seen_count < SEEN_MAX);
        buffer_append_str(&p->seen[p->seen_count++], seen);
        log_warning("an event for a channel with subscribers came under another prefix and was not "
                    "delivered: if it is from this application, set "
                    "databaseConfig.redis.keyPrefix to the prefix that was seen "
                    "channel=%s published=%s seen=%s set=%s",
            LOG_STR(channel), LOG_STR(name), LOG_STR(seen), LOG_STR(str_of(p->prefix)));
        return;
    }
}

/* ---- its own link ---- */

static void
forget_names(struct strange_prefix *p)
{
    for (size_t i = 0; i < p->name_count; i++)
        buffer_fini(&p->names[i]);
    p->name_count = 0;
    p->confirmed = false;
}

static void
strange_prefix_give_up(struct strange_prefix *p)
{
    timer_stop(&p->tick);
    forget_names(p);
    redis_link_close(p->link);
    p->link = NULL;
}

/*
 * Anybody may subscribe to a public name.  A short one would bring what others publish; one of
 * digits, the events of every record of that number; a long one makes Redis compare; and what is a
 * pattern is the name of no channel.
 */
static bool
is_worth_asking(struct str name)
{
    bool letter = false;

    if (name.len < ASKED_MIN || name.len > ASKED_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];

        if (c <= ' ' || strchr("*?[]^\\", c))
            return false;
        letter |= c >= 'A'; /* and whatever is not ASCII */
    }
    return letter;
}

static void
listen_to(struct strange_prefix *p, struct str channel)
{
    struct buffer pattern = { 0 };

    ENSURE(p->name_count < NAMES_MAX);
    buffer_append_str(&p->names[p->name_count++], channel);
    buffer_append_char(&pattern, '*');
    redis_link_escape_pattern(channel, &pattern);
    redis_link_psubscribe(p->link, buffer_str(&pattern));
    buffer_fini(&pattern);
}

static void
choose_names(struct strange_prefix *p)
{
    struct str name;

    for (unsigned i = 0; i < CONSIDERED_PER_TICK && p->name_count < NAMES_MAX; i++) {
        if (!p->channels.next(p->channels.owner, &p->cursor, &name)) {
            p->cursor = 0;
            return;
        }
        if (is_worth_asking(name) && !is_among(p->names, p->name_count, name))
            listen_to(p, name);
    }
}

/* A turn of a minute begins: names go only with their connection. */
static void
begin_turn(struct strange_prefix *p)
{
    p->on = p->turns < FIRST_TURNS || p->turns % FIRST_TURNS == 0;
    p->turns++;
    if (p->name_count == NAMES_MAX || (p->name_count > 0 && !p->on))
        redis_link_restart(p->link, "listening to other names now");
}

static void
strange_prefix_on_tick(void *owner)
{
    struct strange_prefix *p = owner;
    const struct cluster_channels *c = &p->channels;
    size_t first = 0;
    struct str name;

    if (p->seen_count == SEEN_MAX) {
        strange_prefix_give_up(p);
        return;
    }
    timer_start(p->loop, &p->tick, p->tick_ms);
    if (!p->subscribed || !c->next(c->owner, &first, &name) || !redis_link_ready(p->link))
        return;
    if (p->ticks++ % TURN_TICKS == 0)
        begin_turn(p);
    if (p->on && redis_link_ready(p->link))
        choose_names(p);
}

static void
strange_prefix_on_confirmed(void *owner)
{
    struct strange_prefix *p = owner;

    p->confirmed = true;
    p->refusals = 0;
}

/* Redis' access lists may limit our user to its own prefix. */
static void
strange_prefix_on_down(void *owner, const char *reason)
{
    struct strange_prefix *p = owner;

    if (p->name_count > 0 && !p->confirmed)
        p->refusals++;
    forget_names(p);
    if (p->refusals < REFUSALS_MAX)
        return;
    log_info("the search for other prefixes was given up reason=%s", LOG_STR(str_of(reason)));
    strange_prefix_give_up(p);
}

static void
strange_prefix_on_message(void *owner, struct str name, struct str payload)
{
    struct strange_prefix *p = owner;

    strange_prefix_look(p, name, payload);
    if (p->on && p->looks > LOOKS_PER_TICK) {
        p->on = false;
        redis_link_restart(p->link, "too much is published");
    }
}

/* ---- life ---- */

struct strange_prefix *
strange_prefix_open(
    struct loop *l, const struct strange_prefix_options *o, const struct cluster_channels *channels)
{
    static const struct redis_link_handlers handlers = {
        .on_down = strange_prefix_on_down,
        .on_message = strange_prefix_on_message,
        .on_subscribed = strange_prefix_on_confirmed,
    };
    struct strange_prefix *p = mem_zalloc(sizeof(*p));

    p->loop = l;
    p->channels = *channels;
    p->prefix = mem_strdup(o->prefix);
    p->tick_ms = o->tick_ms > 0 ? o->tick_ms : TICK_MS;
    timer_init(&p->tick, strange_prefix_on_tick, p);
    if (o->prefix[0] != '\0') {
        p->link = redis_link_open(l, o->redis, &handlers, p);
        timer_start(l, &p->tick, p->tick_ms);
    }
    return p;
}

void
strange_prefix_close(struct strange_prefix *p)
{
    if (!p)
        return;
    strange_prefix_give_up(p);
    for (size_t i = 0; i < p->seen_count; i++)
        buffer_fini(&p->seen[i]);
    free(p->prefix);
    free(p);
}

void
strange_prefix_watch(struct strange_prefix *p, bool subscribed)
{
    p->subscribed = subscribed;
}
