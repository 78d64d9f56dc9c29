/* SPDX-License-Identifier: MIT */
/*
 * drain: how long a server takes to write a burst into the kernel's buffers, while nobody
 * reads or is notified, as on a network, and so nobody competes for the processors.
 *
 * The kernel stamps what arrives (stamps=1), so that reading later loses nothing.
 */
#ifndef LOAD_DRAIN_H
#define LOAD_DRAIN_H

#include <stdint.h>

#include "crowd.h"

enum drain_limit { DRAIN_ROUNDS = 100 };

struct drain {
    uint64_t began_ns; /* by the clock of the stamps */
    uint64_t rounds_us[DRAIN_ROUNDS];
    unsigned rounds;
};

/* Looks away, too. */
void drain_begin(struct drain *d, struct crowd *crowd);
/* Sleeps until the server is quiet, then looks. */
void drain_end(struct drain *d, struct crowd *crowd);
/* After all was read: notes the time until the last byte was there. */
void drain_add(struct drain *d, const struct crowd *crowd);
double drain_median_us(struct drain *d);

#endif
