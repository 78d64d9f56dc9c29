/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

void
report_begin(const char *command)
{
    (void)printf("{\"command\":\"%s\"", command);
}

void
report_integer(const char *name, uint64_t value)
{
    (void)printf(",\"%s\":%" PRIu64, name, value);
}

void
report_real(const char *name, double value)
{
    (void)printf(",\"%s\":%.4f", name, value);
}

void
report_end(void)
{
    (void)puts("}");
    (void)fflush(stdout);
}
