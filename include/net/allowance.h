/* SPDX-License-Identifier: MIT */
/*
 * allowance: how often something may be done: so many times a second, and after a rest so many at
 * once.  Pure.
 */
#ifndef NET_ALLOWANCE_H
#define NET_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* Each at most 4,000,000. */
struct allowance_rate {
    uint32_t per_s; /* 0: without a limit */
    uint32_t burst; /* at once; less than per_s counts as per_s */
};

/* All zero is a fresh one. */
struct allowance {
    uint32_t taken_ms; /* when the spent was counted, modulo 49 days */
    uint32_t spent_thousandths;
};

/* One time more.  False: too often, nothing is taken. */
MUST_USE bool allowance_take(struct allowance *a, struct allowance_rate rate, uint64_t now_ms);
/* So many thousandths of a time: of a rate in kB, so many bytes. */
MUST_USE bool allowance_take_part(
    struct allowance *a, struct allowance_rate rate, uint64_t thousandths, uint64_t now_ms);

#endif
