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

static void
begin_line(const char *where, const struct option *o, const char *value, struct buffer *line)
{
    bool cut = strlen(value) > FINDINGS_VALUE_MAX;

    buffer_printf(line, "%s: %s is %.*s%s; ", where, o->path, FINDINGS_VALUE_MAX,
        o->secret ? "not right" : value, cut && !o->secret ? "..." : "");
}

static void
end_line(
    struct findings *f, enum config_severity severity, const struct option *o, struct buffer *line)
{
    buffer_append_text(line, "expected ");
    option_value_expected(o, line);
    findings_say(f, severity, "%.*s", STR_ARG(buffer_str(line)));
    buffer_fini(line);
}

void
findings_taken(struct findings *f, const char *where, const struct option *o, const char *value,
    const void *effective)
{
    struct buffer line = { 0 };

    begin_line(where, o, value, &line);
    buffer_append_text(&line, "taken as ");
    option_value_append(o, effective, &line);
    buffer_append_text(&line, "; ");
    end_line(f, CONFIG_WARNING, o, &line);
}

void
findings_wrong(struct findings *f, const char *where, const struct option *o, const char *value)
{
    struct buffer line = { 0 };

    begin_line(where, o, value, &line);
    end_line(f, CONFIG_ERROR, o, &line);
}
