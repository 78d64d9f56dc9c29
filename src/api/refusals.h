/* SPDX-License-Identifier: MIT */
/*
 * refusals: requests whose key was wrong, by the address of the client: logged, but not each, and
 * past some number refused in another way, so that guessing costs a connection each time.  Right
 * keys are none of its business.  The worker's thread only.
 */
#ifndef API_REFUSALS_H
#define API_REFUSALS_H

#include <stdint.h>

#include "base/log.h"
#include "base/str.h"
#include "net/allowance.h"

enum {
    REFUSALS_BURST = 60, /* of an address at once, and then one a second */
    REFUSALS_COUNTERS = 256,
};

/* All zero is a fresh one.  Addresses share the counters: two that meet in one are refused sooner
 * when both have wrong keys, and no number of addresses takes more memory. */
struct refusals {
    struct allowance counters[REFUSALS_COUNTERS];
    struct log_gate gate;
};

/* One more, from this address (text; a /64 of IPv6 counts as one) for this application.  0: refuse
 * it as it is; else it was one too many, for so many seconds. */
unsigned refusals_count(
    struct refusals *r, const char *address, struct str app_id, uint64_t now_ms);

#endif
