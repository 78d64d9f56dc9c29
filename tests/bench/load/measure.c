/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include "process.h"
#include "report.h"

enum {
    TURN_US = 20000,
    QUIET_TURNS = 4,
    QUIET_NS = 400000, /* of processor time in a turn: 2 % */
    SETTLE_TURNS = 250,
};

void
measure_begin(struct measure *m, struct crowd *crowd)
{
    *m = (struct measure){ .crowd = crowd };
    crowd_clear_counts(crowd);
    m->cpu_ns = process_cpu_ns(crowd->options->pids);
    m->began_us = crowd_now_us();
}

/* A turn ends with each event, so the length of a turn is kept by the clock. */
static void
turn_for(struct crowd *crowd, uint64_t us)
{
    uint64_t end = crowd_now_us() + us;

    for (uint64_t now = crowd_now_us(); now < end; now = crowd_now_us())
        crowd_turn(crowd, (int64_t)(end - now));
}

uint64_t
measure_settle(struct crowd *crowd)
{
    uint64_t quiet_us = crowd_now_us();
    uint64_t before = process_cpu_ns(crowd->options->pids);

    for (int turns = 0, quiet = 0; turns < SETTLE_TURNS && quiet < QUIET_TURNS; turns++) {
        turn_for(crowd, TURN_US);
        uint64_t now = process_cpu_ns(crowd->options->pids);
        quiet = now - before < QUIET_NS ? quiet + 1 : 0;
        if (quiet == 0)
            quiet_us = crowd_now_us();
        before = now;
    }
    return quiet_us;
}

bool
measure_await_value(struct measure *m, const uint64_t *value, uint64_t wanted)
{
    struct crowd *crowd = m->crowd;
    uint64_t patience_us = (uint64_t)crowd->options->patience * 1000;
    uint64_t bytes = crowd->counts.bytes;
    uint64_t moved_us = crowd_now_us();

    while (*value < wanted) {
        crowd_turn(crowd, TURN_US);
        uint64_t now = crowd_now_us();
        if (crowd->counts.bytes != bytes) {
            bytes = crowd->counts.bytes;
            moved_us = now;
        } else if (now - moved_us > patience_us) {
            break;
        }
    }
    m->wall_us = crowd_now_us() - m->began_us;
    return *value >= wanted;
}

bool
measure_await(struct measure *m)
{
    return measure_await_value(m, &m->crowd->counts.received, m->expected);
}

double
measure_cpu_us(const struct measure *m)
{
    return (double)(process_cpu_ns(m->crowd->options->pids) - m->cpu_ns) / 1000;
}

static void
report_latency(const char *const names[4], const struct histogram *h)
{
    report_integer(names[0], histogram_at(h, 0.5));
    report_integer(names[1], histogram_at(h, 0.99));
    report_integer(names[2], histogram_at(h, 0.999));
    report_integer(names[3], h->most);
}

void
measure_report(struct measure *m)
{
    static const char *const latency[] = { "p50_us", "p99_us", "p999_us", "most_us" };
    const struct crowd_counts *counts = &m->crowd->counts;

    uint64_t quiet_us = measure_settle(m->crowd) - m->began_us;
    double cpu_us = measure_cpu_us(m);
    report_integer("clients", m->crowd->joined - m->crowd->cut);
    report_integer("expected", m->expected);
    report_integer("received", counts->received);
    report_integer("lost", m->expected > counts->received ? m->expected - counts->received : 0);
    report_integer("gaps", counts->gaps);
    report_integer("misordered", counts->misordered);
    report_integer("malformed", counts->malformed);
    report_integer("compressed", counts->compressed);
    report_integer("bytes", counts->bytes);
    report_integer("cut", m->crowd->cut);
    report_integer("wall_us", m->wall_us);
    report_integer("quiet_us", quiet_us);
    report_real("cpu_us", cpu_us);
    if (counts->received > 0) {
        report_real("cpu_us_delivery", cpu_us / (double)counts->received);
        report_latency(latency, &m->crowd->latency);
    }
}
