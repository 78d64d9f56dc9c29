/* SPDX-License-Identifier: MIT */
/*
 * map: open addressing with linear probing; SipHash-1-3 (Aumasson and Bernstein, 2012) seeded once
 * a process.
 *
 * A removed entry leaves a mark, and nothing moves until the next rebuild: with entries that close
 * the gap, a walk that removes what it visits would skip some and see others twice.
 */
#include "base/map.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/ensure.h"
#include "base/mem.h"

enum { FIRST_CAPACITY = 16 };

struct map_slot {
    const char *key;
    void *value; /* NULL: free; GONE: removed, probing continues */
    uint32_t key_len, hash;
};

static char gone;
#define GONE ((void *)&gone)

static uint64_t seed[2];
static pthread_once_t seeded = PTHREAD_ONCE_INIT;

static void
make_seed(void)
{
    digest_random(seed, sizeof(seed));
}

static uint64_t
rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void
sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void
sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

static uint32_t
hash_of(struct str key)
{
    uint64_t v[4] = { seed[0] ^ 0x736f6d6570736575u, seed[1] ^ 0x646f72616e646f6du,
        seed[0] ^ 0x6c7967656e657261u, seed[1] ^ 0x7465646279746573u };
    uint64_t word, last = (uint64_t)key.len << 56;
    size_t i;

    for (i = 0; key.len - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, key.data + i, sizeof(word));
        sip_word(v, word);
    }
    for (size_t k = 0; i + k < key.len; k++)
        last |= (uint64_t)(uint8_t)key.data[i + k] << (8 * k);
    sip_word(v, last);
    v[2] ^= 0xff;
    for (int k = 0; k < 3; k++)
        sip_round(v);
    return (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
}

void
map_fini(struct map *m)
{
    free(m->slots);
    *m = (struct map){ 0 };
}

static struct str
slot_key(const struct map_slot *slot)
{
    return str_slice(slot->key, slot->key_len);
}

/* The key's slot, or the free one that ends its probing.  The table is never full. */
static struct map_slot *
map_find(const struct map *m, struct str key, uint32_t hash)
{
    size_t i = hash & (m->capacity - 1);

    for (;; i = (i + 1) & (m->capacity - 1)) {
        struct map_slot *slot = &m->slots[i];

        if (!slot->value)
            return slot;
        if (slot->hash == hash && slot->value != GONE && str_equal(slot_key(slot), key))
            return slot;
    }
}

/* A table without marks, twice as large unless the marks were what filled it. */
static void
rebuild(struct map *m)
{
    struct map fresh = { .capacity = m->capacity };

    if (m->count * 2 >= m->capacity)
        fresh.capacity = m->capacity ? m->capacity * 2 : FIRST_CAPACITY;
    fresh.slots = mem_zalloc(fresh.capacity * sizeof(*fresh.slots));
    fresh.count = fresh.taken = m->count;
    for (size_t i = 0; i < m->capacity; i++)
        if (m->slots[i].value && m->slots[i].value != GONE)
            *map_find(&fresh, slot_key(&m->slots[i]), m->slots[i].hash) = m->slots[i];
    free(m->slots);
    *m = fresh;
}

void *
map_get(const struct map *m, struct str key)
{
    return m->count == 0 ? NULL : map_find(m, key, hash_of(key))->value;
}

void *
map_put(struct map *m, struct str key, void *value)
{
    struct map_slot *slot;
    uint32_t hash;
    void *before;

    ENSURE(value != NULL && key.len <= UINT32_MAX);
    pthread_once(&seeded, make_seed);
    if ((m->taken + 1) * 4 > m->capacity * 3)
        rebuild(m);
    hash = hash_of(key);
    slot = map_find(m, key, hash);
    before = slot->value;
    m->count += before == NULL;
    m->taken += before == NULL;
    *slot = (struct map_slot){ key.data, value, (uint32_t)key.len, hash };
    return before;
}

void *
map_remove(struct map *m, struct str key)
{
    struct map_slot *slot, *next;
    void *value;

    if (m->count == 0)
        return NULL;
    slot = map_find(m, key, hash_of(key));
    value = slot->value;
    if (!value)
        return NULL;
    m->count--;
    next = &m->slots[(size_t)(slot - m->slots + 1) & (m->capacity - 1)];
    *slot = (struct map_slot){ .value = next->value ? GONE : NULL };
    m->taken -= next->value == NULL;
    return value;
}

void *
map_next(const struct map *m, size_t *cursor)
{
    while (*cursor < m->capacity) {
        void *value = m->slots[(*cursor)++].value;

        if (value && value != GONE)
            return value;
    }
    return NULL;
}
