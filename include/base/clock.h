/* SPDX-License-Identifier: MIT */
/*
 * clock: monotonic and wall time.  Any thread.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since some point before the program began; never goes back. */
uint64_t clock_ms(void);
/* The same in microseconds. */
uint64_t clock_us(void);
/* Wall time in milliseconds since 1970. */
uint64_t clock_wall_ms(void);

#endif
