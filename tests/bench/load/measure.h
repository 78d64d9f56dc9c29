/* SPDX-License-Identifier: MIT */
/*
 * measure: what one command of a load took: the server's processor time, the time until every
 * client had everything, latencies, and what was lost.
 *
 * The processor time ends when the server has become quiet, not when the last client has its
 * event: a server that defers work is not the cheaper for it.
 */
#ifndef LOAD_MEASURE_H
#define LOAD_MEASURE_H

#include "crowd.h"
#include "publish.h"

struct measure {
    struct crowd *crowd;
    uint64_t cpu_ns;
    uint64_t began_us;
    uint64_t wall_us;  /* until the clients had what they wait for */
    uint64_t expected; /* deliveries */
};

void measure_begin(struct measure *m, struct crowd *crowd);
/* Turns the loop until the clients have all that is expected; false when something is lost. */
bool measure_await(struct measure *m);
/* Turns the loop until *value is at least wanted; false when nothing moves for too long. */
bool measure_await_value(struct measure *m, const uint64_t *value, uint64_t wanted);
/* Waits until the server is quiet; gives when it became so, to 20 ms. */
uint64_t measure_settle(struct crowd *crowd);
/* Settles, and reports all common figures: the caller begins and ends the report. */
void measure_report(struct measure *m);
/* Processor time since the beginning, in microseconds. */
double measure_cpu_us(const struct measure *m);

#endif
