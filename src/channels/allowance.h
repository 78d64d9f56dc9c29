/* SPDX-License-Identifier: MIT */
/*
 * allowance: how often something may be done: so many times a second, and as many at once after a
 * second of rest.  Pure.
 */
#ifndef CHANNELS_ALLOWANCE_H
#define CHANNELS_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* All zero is a fresh one. */
struct allowance {
    uint32_t taken_ms; /* when the spent was counted, modulo 49 days */
    uint32_t spent_thousandths;
};

/* One time more; rate: times a second, at most 1,000,000, 0: without a limit.  False: too often,
 * nothing is taken. */
MUST_USE bool allowance_take(struct allowance *a, unsigned rate, uint64_t now_ms);

#endif
