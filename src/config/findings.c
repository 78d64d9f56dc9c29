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

enum { NAME_MAX_COMPARED = 40 };

static char
folded(char c)
{
    return (char)tolower((unsigned char)c);
}

/* How many letters have to change, go or come, or change places with the next one, without regard
 * to case (optimal string alignment). */
static size_t
distance(struct str a, struct str b)
{
    size_t rows[3][NAME_MAX_COMPARED + 1] = { 0 };
    size_t *before = rows[0], *last = rows[1], *row = rows[2];

    for (size_t j = 0; j <= b.len; j++)
        last[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *oldest = before;

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            bool same = folded(a.data[i - 1]) == folded(b.data[j - 1]);
            bool swapped = i > 1 && j > 1 && folded(a.data[i - 1]) == folded(b.data[j - 2]) &&
                           folded(a.data[i - 2]) == folded(b.data[j - 1]);

            row[j] = last[j - 1] + (same ? 0 : 1);
            row[j] = last[j] + 1 < row[j] ? last[j] + 1 : row[j];
            row[j] = row[j - 1] + 1 < row[j] ? row[j - 1] + 1 : row[j];
            if (swapped && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        before = last;
        last = row;
        row = oldest;
    }
    return last[b.len];
}

static struct str
last_part(struct str path)
{
    const char *dot = path.len > 0 ? memrchr(path.data, '.', path.len) : NULL;

    return dot ? str_slice(dot + 1, path.len - (size_t)(dot + 1 - path.data)) : path;
}

/* Without its last part; empty: there is no other. */
static struct str
parent_of(struct str path)
{
    size_t last = last_part(path).len;

    return str_slice(path.data, path.len > last ? path.len - last - 1 : 0);
}

/* "user" for "username", "prefix" for "keyPrefix", but not "options" for "secureOptions". */
static bool
is_most_of(struct str part, struct str text)
{
    bool begins = str_same_nocase(str_slice(text.data, part.len), part);
    bool ends = str_same_nocase(str_slice(text.data + text.len - part.len, part.len), part);

    return part.len >= 4 && (begins || (ends && part.len * 5 >= text.len * 3));
}

/* "db" for "database": the first letter, and the others in their order. */
static bool
abbreviates(struct str brief, struct str text)
{
    size_t found = 0;

    if (brief.len < 2 || brief.len > 3 || folded(brief.data[0]) != folded(text.data[0]))
        return false;
    for (size_t i = 0; i < text.len && found < brief.len; i++)
        found += folded(text.data[i]) == folded(brief.data[found]);
    return found == brief.len;
}

/* How alike two names are that one may have been written for the other; 0: they are not. */
static unsigned
likeness(struct str written, struct str name)
{
    struct str brief = written.len < name.len ? written : name;
    struct str text = written.len < name.len ? name : written;
    size_t apart;

    if (brief.len == 0 || text.len > NAME_MAX_COMPARED)
        return 0;
    if (str_same_nocase(written, name))
        return 5;
    apart = distance(written, name);
    if (apart == 1 && written.len == name.len && folded(written.data[0]) == folded(name.data[0]))
        return 4;
    if (is_most_of(brief, text) || abbreviates(brief, text))
        return 3;
    return apart == 1 ? 2 : apart == 2 && text.len >= 8 ? 1 : 0;
}

/* Beside the written path, or in a group of the same name, or, if the names are the same or one
 * holds the other, anywhere. */
static unsigned
rank(struct str written, struct str path)
{
    unsigned alike = likeness(last_part(written), last_part(path));
    struct str here = parent_of(written), there = parent_of(path);

    if (alike > 0 && str_same_nocase(here, there))
        return 10 + alike;
    if (alike > 2 && here.len > 0 && str_same_nocase(last_part(here), last_part(there)))
        return 5 + alike;
    return alike > 2 && last_part(written).len >= 4 ? alike : 0;
}

/* What an unknown path was probably meant to be; NULL: nothing is near. */
static const char *
nearest(const char *path)
{
    unsigned best = 0;
    const char *name = NULL;

    for (size_t i = 0; i < options_count(); i++) {
        unsigned r = rank(str_of(path), str_of(options_row(i)->path));

        if (r > best) {
            best = r;
            name = options_row(i)->path;
        }
    }
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

/* ---- variables ---- */

/* "REDIS_KEY_PREFIX" and "databaseConfig.redis.keyPrefix" are compared without their marks. */
static struct str
without_marks(const char *name, char out[NAME_MAX_COMPARED + 1])
{
    size_t len = 0;

    for (; *name && len <= NAME_MAX_COMPARED; name++)
        if (*name != '_' && *name != '.')
            out[len++] = *name;
    return str_slice(out, len);
}

static unsigned
variable_rank(struct str written, const struct option *o, const char *name)
{
    char marks_gone[NAME_MAX_COMPARED + 1];
    const char *own = name + sizeof(OPTIONS_ENV_PREFIX) - 1;
    unsigned whole = likeness(written, without_marks(own, marks_gone));
    unsigned path = likeness(written, without_marks(o->path, marks_gone));
    unsigned last = likeness(written, last_part(str_of(o->path)));

    last = last > 3 ? last : 0;
    path = path > whole ? path : whole;
    return last > path ? last : path;
}

void
findings_unknown_variable(struct findings *f, const char *name)
{
    char marks_gone[NAME_MAX_COMPARED + 1], candidate[OPTIONS_ENV_SIZE], near[OPTIONS_ENV_SIZE];
    struct str written = without_marks(name + sizeof(OPTIONS_ENV_PREFIX) - 1, marks_gone);
    unsigned best = 0;

    for (size_t i = 0; i < options_count(); i++) {
        const struct option *o = options_row(i);
        unsigned r = options_env_name(o, candidate) ? variable_rank(written, o, candidate) : 0;

        if (r <= best)
            continue;
        best = r;
        memcpy(near, candidate, sizeof(near));
    }
    findings_say(f, CONFIG_WARNING, "unknown variable %s%s%s%s", name,
        best > 0 ? "; did you mean " : "", best > 0 ? near : "", best > 0 ? "?" : "");
}
