/* SPDX-License-Identifier: MIT */
/*
 * allowance: a bucket that fills as it is used, and empties by rate thousandths a millisecond.
 */
#include "net/allowance.h"

enum { ONE = 1000 };

bool
allowance_take(struct allowance *a, struct allowance_rate rate, uint64_t now_ms)
{
    return allowance_take_part(a, rate, ONE, now_ms);
}

bool
allowance_take_part(
    struct allowance *a, struct allowance_rate rate, uint64_t thousandths, uint64_t now_ms)
{
    uint32_t now = (uint32_t)now_ms;
    uint64_t drained = (uint64_t)(now - a->taken_ms) * rate.per_s;
    uint64_t room = rate.burst > rate.per_s ? rate.burst : rate.per_s;

    if (rate.per_s == 0)
        return true;
    a->spent_thousandths =
        a->spent_thousandths > drained ? a->spent_thousandths - (uint32_t)drained : 0;
    a->taken_ms = now;
    if (a->spent_thousandths + thousandths > room * ONE)
        return false;
    a->spent_thousandths += (uint32_t)thousandths;
    return true;
}
