/* SPDX-License-Identifier: MIT */
/*
 * check_report: what `check` finds, one line each on stdout, as soon as it is found.
 */
#ifndef CLI_CHECK_REPORT_H
#define CLI_CHECK_REPORT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buffer.h"

enum check_level { CHECK_OK, CHECK_NOTE, CHECK_WARNING, CHECK_ERROR, CHECK_LEVELS };

/* Zeroed before use. */
struct check_report {
    unsigned counts[CHECK_LEVELS];
    struct buffer errors; /* their lines */
};

void check_report_say(struct check_report *r, enum check_level level, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Whether an error so far is about an option whose path begins like this. */
bool check_report_blames(const struct check_report *r, const char *path);

/* The last line. */
void check_report_sum(const struct check_report *r);

#endif
