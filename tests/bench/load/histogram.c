/* SPDX-License-Identifier: MIT */
#include "histogram.h"

#include <string.h>

void
histogram_clear(struct histogram *h)
{
    memset(h, 0, sizeof(*h));
}

/* Below 128 a bucket a value; from there 64 buckets for each doubling. */
static unsigned
bucket(uint64_t us)
{
    unsigned shift = 0;

    while ((us >> shift) >= 2UL * HISTOGRAM_STEPS)
        shift++;
    unsigned index = shift * HISTOGRAM_STEPS + (unsigned)(us >> shift);
    return index < HISTOGRAM_BUCKETS ? index : HISTOGRAM_BUCKETS - 1;
}

static uint64_t
value(unsigned index)
{
    if (index < 2 * HISTOGRAM_STEPS)
        return index;
    unsigned shift = index / HISTOGRAM_STEPS - 1;
    return (uint64_t)(index - shift * HISTOGRAM_STEPS) << shift;
}

void
histogram_add(struct histogram *h, uint64_t us)
{
    h->count++;
    if (us > h->most)
        h->most = us;
    h->buckets[bucket(us)]++;
}

uint64_t
histogram_at(const struct histogram *h, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)h->count);
    uint64_t seen = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS && h->count > 0; i++) {
        seen += h->buckets[i];
        if (seen > wanted || seen == h->count)
            return value(i);
    }
    return 0;
}
