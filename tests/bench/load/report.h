/* SPDX-License-Identifier: MIT */
/*
 * report: one JSON object a line on stdout.
 */
#ifndef LOAD_REPORT_H
#define LOAD_REPORT_H

#include <stdint.h>

void report_begin(const char *command);
void report_integer(const char *name, uint64_t value);
void report_real(const char *name, double value);
void report_end(void);

#endif
