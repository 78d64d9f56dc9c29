/* SPDX-License-Identifier: MIT */
/*
 * findings: one line each to whoever asked.
 */
#include "findings.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buffer.h"
#include "option_value.h"
#include "options.h"

enum { FINDINGS_LINE_SIZE = 1024, FINDINGS_VALUE_MAX = 60 };

void
findings_say(struct findings *f, enum config_severity severity, const char *format, ...)
{
    char line[FINDINGS_LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    f->failed |= severity == CONFIG_ERROR;
    if (f->request->say)
        f->request->say(f->request->owner, severity, line);
}

void
findings_wrong(struct findings *f, const char *where, const struct option *o, const char *value)
{
    struct buffer right = { 0 };
    bool cut = strlen(value) > FINDINGS_VALUE_MAX;

    option_value_expected(o, &right);
    findings_say(f, CONFIG_ERROR, "%s: %s is %.*s%s; expected %.*s", where, o->path,
        FINDINGS_VALUE_MAX, o->secret ? "not right" : value, cut ? "..." : "",
        STR_ARG(buffer_str(&right)));
    buffer_fini(&right);
}
