/* SPDX-License-Identifier: MIT */
/*
 * histogram: latencies in microseconds, exact to 1/64, in constant space.
 */
#ifndef LOAD_HISTOGRAM_H
#define LOAD_HISTOGRAM_H

#include <stdint.h>

enum histogram_size { HISTOGRAM_STEPS = 64, HISTOGRAM_BUCKETS = 32 * HISTOGRAM_STEPS };

struct histogram {
    uint64_t count;
    uint64_t most;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_clear(struct histogram *h);
void histogram_add(struct histogram *h, uint64_t us);
/* The value that a share (0 to 1) of the samples does not exceed; 0 without samples. */
uint64_t histogram_at(const struct histogram *h, double share);

#endif
