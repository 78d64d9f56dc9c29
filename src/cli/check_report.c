/* SPDX-License-Identifier: MIT */
/*
 * check_report: the level comes first, in colour on a terminal.
 */
#include "check_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINE_SIZE = 1200 };

static const struct {
    const char *name, *colour;
} levels[CHECK_LEVELS] = {
    [CHECK_OK] = { "ok", "\033[32m" },
    [CHECK_NOTE] = { "note", "" },
    [CHECK_WARNING] = { "warning", "\033[33m" },
    [CHECK_ERROR] = { "error", "\033[31m" },
};

void
check_report_say(struct check_report *r, enum check_level level, const char *format, ...)
{
    const char *no = getenv("NO_COLOR");
    bool coloured = isatty(STDOUT_FILENO) == 1 && !(no && *no);
    char line[LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    r->counts[level]++;
    if (level == CHECK_ERROR)
        buffer_printf(&r->errors, "%s\n", line);
    printf("%s%-7s%s  %s\n", coloured ? levels[level].colour : "", levels[level].name,
        coloured ? "\033[0m" : "", line);
    fflush(stdout);
}

bool
check_report_blames(const struct check_report *r, const char *path)
{
    struct buffer after_file = { 0 };
    bool blamed;

    buffer_printf(&after_file, ": %s%c", path, 0);
    blamed = r->errors.len > 0 && str_contains(buffer_str(&r->errors), after_file.data);
    buffer_fini(&after_file);
    return blamed;
}

void
check_report_sum(const struct check_report *r)
{
    unsigned errors = r->counts[CHECK_ERROR], warnings = r->counts[CHECK_WARNING];

    printf("\n%u error%s, %u warning%s.\n", errors, errors == 1 ? "" : "s", warnings,
        warnings == 1 ? "" : "s");
}
