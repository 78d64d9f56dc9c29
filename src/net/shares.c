/* SPDX-License-Identifier: MIT */
/*
 * shares: a map by address.
 *
 * An address that holds something keeps its entry, so entries are bounded by what they hold, which
 * others bound.  Those that hold nothing are kept as long as there is room, so that coming back
 * costs nothing: each new entry looks at the few that were not asked for the longest, and frees
 * those of them that are idle once there are many.  Looking at more than one is what keeps up
 * with a flood of new addresses; what is in use goes to the end, so no look is wasted twice.
 */
#include "net/shares.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/ensure.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

enum {
    ROOM = 1024, /* entries, before idle ones are freed */
    LOOKS = 4,
    RESERVE = 5, /* a fifth of all */
    QUARTER = 4,
};

/* Owned by its table.  In the order of the last shares_of(). */
struct share {
    struct list node;
    struct address address; /* the map's key */
    bool local;
    atomic_size_t held[SHARES_KINDS]; /* other threads count down */
    struct allowance acts[SHARES_ACTS];
};

struct shares {
    struct map by_address;
    struct list order; /* the one that was not asked for the longest first */
    struct share local;
};

struct shares *
shares_new(void)
{
    struct shares *t = mem_zalloc(sizeof(*t));

    list_init(&t->order);
    list_init(&t->local.node);
    t->local.local = true;
    return t;
}

static bool
share_is_idle(const struct share *s)
{
    for (size_t k = 0; k < SHARES_KINDS; k++)
        if (s->held[k] > 0)
            return false;
    return true;
}

static struct str
share_key(const struct share *s)
{
    return str_slice((const char *)s->address.bytes, sizeof(s->address.bytes));
}

static void
share_drop(struct shares *t, struct share *s)
{
    ENSURE(share_is_idle(s));
    ENSURE(map_remove(&t->by_address, share_key(s)) == s);
    list_remove(&s->node);
    free(s);
}

void
shares_free(struct shares *t)
{
    if (!t)
        return;
    ENSURE(share_is_idle(&t->local));
    while (!list_empty(&t->order))
        share_drop(t, LIST_ENTRY(t->order.next, struct share, node));
    map_fini(&t->by_address);
    free(t);
}

static void
shares_make_room(struct shares *t)
{
    for (int i = 0; i < LOOKS && t->by_address.count >= ROOM; i++) {
        struct share *s = LIST_ENTRY(t->order.next, struct share, node);

        if (share_is_idle(s)) {
            share_drop(t, s);
            continue;
        }
        list_remove(&s->node);
        list_append(&t->order, &s->node);
    }
}

struct share *
shares_of(struct shares *t, const struct address *a)
{
    struct address n = address_network(a);
    struct share *s = map_get(&t->by_address, str_slice((const char *)n.bytes, sizeof(n.bytes)));

    if (!s) {
        shares_make_room(t);
        s = mem_zalloc(sizeof(*s));
        s->address = n;
        list_init(&s->node);
        (void)map_put(&t->by_address, share_key(s), s);
    }
    list_remove(&s->node);
    list_append(&t->order, &s->node);
    return s;
}

struct share *
shares_local(struct shares *t)
{
    return &t->local;
}

bool
shares_admit(const struct share *s, enum shares_kind kind, size_t free, size_t limit)
{
    return !s || s->local || free > limit / RESERVE ||
           s->held[kind] < (free + QUARTER - 1) / QUARTER;
}

bool
shares_pass(struct share *s, enum shares_act act, struct allowance_rate rate, uint64_t now_ms)
{
    return !s || s->local || allowance_take(&s->acts[act], rate, now_ms);
}

bool
shares_pass_bytes(struct share *s, size_t bytes, struct allowance_rate rate, uint64_t now_ms)
{
    return !s || s->local || allowance_take_part(&s->acts[SHARES_KILOBYTE], rate, bytes, now_ms);
}

static const char *
network_text(const struct address *a, char text[SHARES_TEXT_SIZE])
{
    char address[ADDRESS_TEXT_SIZE];
    bool v6 = strchr(address_text(a, address), ':') != NULL;

    snprintf(text, SHARES_TEXT_SIZE, "%s%s", address, v6 ? "/64" : "");
    return text;
}

const char *
shares_text(const struct share *s, char text[SHARES_TEXT_SIZE])
{
    return s->local ? memcpy(text, "local", sizeof("local")) : network_text(&s->address, text);
}

void
shares_take(struct share *s, enum shares_kind kind)
{
    if (s)
        s->held[kind]++;
}

void
shares_give_back(struct share *s, enum shares_kind kind)
{
    /* The last touch: its own worker may free it right after. */
    if (s)
        ENSURE(atomic_fetch_sub(&s->held[kind], 1) > 0);
}

size_t
shares_held(const struct share *s, enum shares_kind kind)
{
    return s ? s->held[kind] : 0;
}

size_t
shares_count(const struct shares *t)
{
    return t->by_address.count;
}

/* ---- who was limited ---- */

enum { REMEMBERED_S = 600 };

struct limited {
    struct address address;
    const char *what; /* NULL: the place is free */
    bool lifted;
    uint64_t times, since_s, last_s;
};

static struct limited limited[SHARES_LIMITED_MAX];
static pthread_mutex_t limited_lock = PTHREAD_MUTEX_INITIALIZER;

static bool
is_of(const struct limited *l, const struct address *a)
{
    return l->what && memcmp(&l->address, a, sizeof(*a)) == 0;
}

/* Its place, or else a free one, or that of whoever was limited the longest ago; NULL: all are
 * lifted. */
static struct limited *
limited_place(const struct address *a)
{
    struct limited *best = NULL;

    for (size_t i = 0; i < SHARES_LIMITED_MAX; i++) {
        struct limited *l = &limited[i];

        if (is_of(l, a))
            return l;
        if (!l->lifted && (!best || l->last_s < best->last_s))
            best = l; /* a free one was limited in 1970 */
    }
    if (best)
        *best = (struct limited){ .address = *a };
    return best;
}

bool
shares_refuse(const struct share *s, const char *what)
{
    uint64_t now_s = clock_wall_ms() / 1000;
    struct limited *l;
    bool refused = true;

    if (!s || s->local)
        return true;
    pthread_mutex_lock(&limited_lock);
    l = limited_place(&s->address);
    if (l) {
        refused = !l->lifted;
        if (now_s - l->last_s > REMEMBERED_S)
            l->times = 0;
        if (l->times++ == 0)
            l->since_s = now_s;
        l->last_s = now_s;
        l->what = what;
    }
    pthread_mutex_unlock(&limited_lock);
    return refused;
}

bool
shares_lift(const struct address *a)
{
    struct address n = address_network(a);
    struct limited *l;

    pthread_mutex_lock(&limited_lock);
    l = limited_place(&n);
    if (l) {
        l->lifted = true;
        l->what = l->what ? l->what : "nothing";
        l->since_s = clock_wall_ms() / 1000;
    }
    pthread_mutex_unlock(&limited_lock);
    return l != NULL;
}

void
shares_write_limited(struct buffer *out)
{
    uint64_t now_s = clock_wall_ms() / 1000;
    const char *between = "";

    pthread_mutex_lock(&limited_lock);
    for (size_t i = 0; i < SHARES_LIMITED_MAX; i++) {
        const struct limited *l = &limited[i];
        char text[SHARES_TEXT_SIZE];

        if (!l->what || (!l->lifted && now_s - l->last_s > REMEMBERED_S))
            continue;
        buffer_printf(out, "%s%s|%s|%llu|%llu", between, network_text(&l->address, text),
            l->lifted ? "lifted" : l->what, (unsigned long long)l->times,
            (unsigned long long)l->since_s);
        between = ",";
    }
    pthread_mutex_unlock(&limited_lock);
}
