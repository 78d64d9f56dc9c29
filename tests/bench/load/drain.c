/* SPDX-License-Identifier: MIT */
#include "drain.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

enum { NAP_US = 20000, QUIET_NS = 400000, QUIET_NAPS = 3, MOST_NAPS = 500 };

static uint64_t
stamp_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void
drain_begin(struct drain *d, struct crowd *crowd)
{
    crowd->last_stamp_ns = 0;
    crowd_look_away(crowd);
    d->began_ns = stamp_clock_ns();
}

void
drain_end(struct drain *d, struct crowd *crowd)
{
    uint64_t before = process_cpu_ns(crowd->options->pids);

    (void)d; /* the stamps have it */
    for (int naps = 0, quiet = 0; naps < MOST_NAPS && quiet < QUIET_NAPS; naps++) {
        usleep(NAP_US);
        uint64_t now = process_cpu_ns(crowd->options->pids);
        quiet = now - before < QUIET_NS ? quiet + 1 : 0;
        before = now;
    }
    crowd_look(crowd);
}

void
drain_add(struct drain *d, const struct crowd *crowd)
{
    if (d->rounds < DRAIN_ROUNDS && crowd->last_stamp_ns > d->began_ns)
        d->rounds_us[d->rounds++] = (crowd->last_stamp_ns - d->began_ns) / 1000;
}

static int
compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

double
drain_median_us(struct drain *d)
{
    if (d->rounds == 0)
        return 0;
    qsort(d->rounds_us, d->rounds, sizeof(d->rounds_us[0]), compare);
    unsigned middle = d->rounds / 2;
    return (double)d->rounds_us[middle];
}
