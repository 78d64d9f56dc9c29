/* SPDX-License-Identifier: MIT */
/*
 * refusals: each counter empties by one a second.
 */
#include "refusals.h"

#include "base/address.h"

enum { LOGGED = 10, LOG_PERIOD_MS = 10000 };

/* FNV-1a: whoever finds two addresses that meet has found no more than one that slows itself. */
static unsigned
counter_of(const char *text)
{
    struct address a = { 0 };
    uint32_t hash = 2166136261u;

    if (address_parse(str_of(text), &a))
        a = address_network(&a);
    for (size_t i = 0; i < sizeof(a.bytes); i++)
        hash = (hash ^ a.bytes[i]) * 16777619u;
    return (hash ^ hash >> 16) % REFUSALS_COUNTERS;
}

unsigned
refusals_count(struct refusals *r, const char *address, struct str app_id, uint64_t now_ms)
{
    static const struct allowance_rate rate = { .per_s = 1, .burst = REFUSALS_BURST };
    struct allowance *counter = &r->counters[counter_of(address)];
    unsigned times = log_gate_pass(&r->gate, now_ms, LOG_PERIOD_MS, LOGGED);

    if (times > 0)
        log_notice("refused a request to the HTTP API: its key is wrong or missing app=%s ip=%s "
                   "times=%u",
            LOG_STR(app_id), address, times);
    return allowance_take(counter, rate, now_ms) ? 0 : 1;
}
