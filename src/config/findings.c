/* SPDX-License-Identifier: MIT */
/*
 * findings: a line each for the callback of the request.
 */
#include "findings.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/mem.h"
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
    /* Names and values are shown as the file has them: the message stays one line, without escape
     * sequences. */
    for (char *p = line; *p; p++)
        if (iscntrl((unsigned char)*p))
            *p = '?';
    f->failed |= severity == CONFIG_ERROR;
    if (f->request->say)
        f->request->say(f->request->owner, severity, line);
}

void
findings_value(struct findings *f, const char *where, const struct option *o, const char *value,
    const void *effective)
{
    bool cut = strlen(value) > FINDINGS_VALUE_MAX;
    struct buffer line = { 0 };

    buffer_printf(&line, "%s: %s is %.*s%s; ", where, o->path, FINDINGS_VALUE_MAX,
        o->secret ? "not valid" : value, cut && !o->secret ? "..." : "");
    if (effective) {
        buffer_append_text(&line, "taken as ");
        option_value_append(o, effective, &line);
        buffer_append_text(&line, "; ");
    }
    buffer_append_text(&line, "expected ");
    option_value_expected(o, &line);
    findings_say(f, effective ? CONFIG_WARNING : CONFIG_ERROR, "%.*s", STR_ARG(buffer_str(&line)));
    buffer_fini(&line);
}

void
findings_json(struct findings *f, const char *where, const struct option *o, const json_t *value,
    const void *effective)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

    findings_value(f, where, o, text ? text : "?", effective);
    free(text);
}

/* ---- names ---- */

/* How many letters have to change, without regard to case (Levenshtein). */
static size_t
distance(struct str a, struct str b)
{
    size_t *row = mem_resize(NULL, b.len + 1, sizeof(*row));
    size_t result;

    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t corner = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            bool same =
                tolower((unsigned char)a.data[i - 1]) == tolower((unsigned char)b.data[j - 1]);
            size_t best = corner + (same ? 0 : 1);

            corner = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    result = row[b.len];
    free(row);
    return result;
}

static const char *
last_part(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot ? dot + 1 : path;
}

enum { NEAREST_PATH_MAX = 100 };

/* What an unknown path was probably meant to be; NULL: nothing is near. */
static const char *
nearest(const char *path)
{
    size_t len = strlen(path), best = len / 4 < 2 ? 2 : len / 4;
    const char *name = NULL;

    if (len > NEAREST_PATH_MAX)
        return NULL;
    for (size_t i = 0; i < options_count(); i++) {
        size_t d = distance(str_of(path), str_of(options_row(i)->path));

        if (d < best || (d == best && !name)) {
            best = d;
            name = options_row(i)->path;
        }
    }
    for (size_t i = 0; i < options_count() && !name; i++)
        if (strcasecmp(last_part(options_row(i)->path), last_part(path)) == 0)
            name = options_row(i)->path;
    return name;
}

/* A dot in a name is part of it: "a.b" is not b within a. */
void
findings_unknown(struct findings *f, const char *where, const char *path)
{
    const char *near = nearest(path);

    if (near && strcmp(near, path) == 0)
        findings_say(
            f, CONFIG_WARNING, "%s: unknown option \"%s\"; use nested objects", where, path);
    else
        findings_say(f, CONFIG_WARNING, "%s: unknown option %s%s%s%s", where, path,
            near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}
