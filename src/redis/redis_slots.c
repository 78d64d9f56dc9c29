/* SPDX-License-Identifier: MIT */
/*
 * redis_slots: as the specification of Redis Cluster has it.
 */
#include "redis_slots.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { NODES_MAX = 2000, PORT_MAX = 65535 };

/* The part between the first "{" and the next "}", when there is any. */
static struct str
tag_of(struct str key)
{
    const char *open = key.len > 0 ? memchr(key.data, '{', key.len) : NULL;
    const char *close = open ? memchr(open, '}', (size_t)(key.data + key.len - open)) : NULL;

    return close && close > open + 1 ? str_slice(open + 1, (size_t)(close - open - 1)) : key;
}

/* CRC16 of XMODEM. */
unsigned
redis_slots_of(struct str key)
{
    struct str tag = tag_of(key);
    unsigned crc = 0;

    for (size_t i = 0; i < tag.len; i++) {
        crc ^= (unsigned)(unsigned char)tag.data[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000) ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    return crc % REDIS_SLOTS_COUNT;
}

/* ["10.0.0.1", 7000, ...]; a node that does not know its address sends nothing, or "?". */
static bool
slots_read_node(const struct redis_value *v, const char *self, struct redis_settings_nodes *out)
{
    char *host;

    if (v->kind != REDIS_ARRAY || v->count < 2 || v->items[1].kind != REDIS_INTEGER ||
        v->items[1].integer <= 0 || v->items[1].integer > PORT_MAX || out->count >= NODES_MAX)
        return false;
    if (v->items[0].kind != REDIS_STRING || v->items[0].text.len == 0 ||
        str_is(v->items[0].text, "?"))
        host = mem_strdup(self);
    else
        host = mem_copy_text(v->items[0].text.data, v->items[0].text.len);
    redis_settings_add_node(out, host, (unsigned)v->items[1].integer);
    free(host);
    return true;
}

/* [first, last, master, replica...] */
static bool
slots_read_range(struct redis_slots *s, const struct redis_value *v, const char *self)
{
    struct redis_settings_nodes one = { 0 };
    size_t master = 0;

    if (v->kind != REDIS_ARRAY || v->count < 3 || v->items[0].kind != REDIS_INTEGER ||
        v->items[1].kind != REDIS_INTEGER || v->items[0].integer < 0 ||
        v->items[1].integer >= REDIS_SLOTS_COUNT)
        return false;
    if (!slots_read_node(&v->items[2], self, &one))
        return false;
    redis_settings_add_node(&s->masters, one.items[0].host, one.items[0].port);
    while (strcmp(s->masters.items[master].host, one.items[0].host) != 0 ||
           s->masters.items[master].port != one.items[0].port)
        master++;
    redis_settings_clear_nodes(&one);
    if (master >= NODES_MAX)
        return false;
    for (long long i = v->items[0].integer; i <= v->items[1].integer; i++)
        s->owner[i] = (uint16_t)(master + 1);
    for (size_t i = 2; i < v->count; i++)
        if (!slots_read_node(&v->items[i], self, &s->nodes))
            return false;
    return true;
}

bool
redis_slots_read(struct redis_slots *s, const struct redis_value *v, const char *host)
{
    redis_slots_fini(s);
    if (v->kind != REDIS_ARRAY || v->count > REDIS_SLOTS_COUNT)
        return false;
    for (size_t i = 0; i < v->count; i++)
        if (!slots_read_range(s, &v->items[i], host))
            return false;
    return true;
}

void
redis_slots_fini(struct redis_slots *s)
{
    redis_settings_clear_nodes(&s->masters);
    redis_settings_clear_nodes(&s->nodes);
    memset(s->owner, 0, sizeof(s->owner));
}

bool
redis_slots_complete(const struct redis_slots *s)
{
    for (size_t i = 0; i < REDIS_SLOTS_COUNT; i++)
        if (s->owner[i] == 0)
            return false;
    return true;
}

/* "MOVED 3999 127.0.0.1:6381", "ASK 3999 ::1:6381" */
bool
redis_slots_redirects(struct str error, struct redis_slots_redirection *out)
{
    struct str rest, word = str_cut(error, ' ', &rest);
    struct str slot = str_cut(rest, ' ', &rest);
    const char *colon = rest.len > 0 ? memrchr(rest.data, ':', rest.len) : NULL;
    uint64_t number, port;

    if ((!str_is(word, "MOVED") && !str_is(word, "ASK")) || !colon)
        return false;
    *out = (struct redis_slots_redirection){
        .ask = str_is(word, "ASK"),
        .host = str_slice(rest.data, (size_t)(colon - rest.data)),
    };
    if (!str_to_u64(slot, REDIS_SLOTS_COUNT - 1, &number) ||
        !str_to_u64(str_slice(colon + 1, rest.len - out->host.len - 1), PORT_MAX, &port))
        return false;
    out->port = (unsigned)port;
    return true;
}
