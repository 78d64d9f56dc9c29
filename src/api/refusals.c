/* SPDX-License-Identifier: MIT */
/*
 * refusals: each counter empties by one a second.
 */
#include "refusals.h"

#include "base/address.h"

enum { EACH_MS = 1000, LOGGED = 10, LOG_PERIOD_MS = 10000, V6_NETWORK_BYTES = 8 };

/* FNV-1a: whoever finds two addresses that meet has found no more than one that slows itself. */
static unsigned
counter_of(const char *text)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    struct address a = { 0 };
    uint32_t hash = 2166136261u;
    size_t len = sizeof(a.bytes);

    if (address_parse(str_of(text), &a) && memcmp(a.bytes, mapped, sizeof(mapped)) != 0)
        len = V6_NETWORK_BYTES;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ a.bytes[i]) * 16777619u;
    return (hash ^ hash >> 16) % REFUSALS_COUNTERS;
}

unsigned
refusals_count(struct refusals *r, const char *address, struct str app_id, uint64_t now_ms)
{
    uint64_t *free_ms = &r->free_ms[counter_of(address)];
    uint64_t full_ms = now_ms + (uint64_t)REFUSALS_BURST * EACH_MS;
    unsigned times = log_gate_pass(&r->gate, now_ms, LOG_PERIOD_MS, LOGGED);

    if (times > 0)
        log_notice("refused a request to the HTTP API: its key is wrong or missing app=%s ip=%s "
                   "times=%u",
            LOG_STR(app_id), address, times);
    if (*free_ms < now_ms)
        *free_ms = now_ms;
    *free_ms += EACH_MS;
    if (*free_ms <= full_ms)
        return 0;
    *free_ms -= EACH_MS;
    return (unsigned)((*free_ms + EACH_MS - full_ms + EACH_MS - 1) / EACH_MS);
}
