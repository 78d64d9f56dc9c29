/* SPDX-License-Identifier: MIT */
/*
 * dotenv: `export` before a name, quotes around a value and comments behind a bare one are
 * understood; "\n" inside double quotes is a line break.
 */
#include "config/dotenv.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "base/str.h"

struct dotenv_line {
    char *name, *value;
};

struct dotenv {
    struct dotenv_line *lines;
    size_t count;
};

static bool
is_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!isalnum((unsigned char)s.data[i]) && s.data[i] != '_' && s.data[i] != '.')
            return false;
    return s.len > 0;
}

/* Between two quotes of the same kind; false: there is no second one. */
static bool
unquote(struct str value, struct buffer *out)
{
    char quote = value.data[0];

    for (size_t i = 1; i < value.len; i++) {
        char c = value.data[i];

        if (c == quote)
            return true;
        if (c == '\\' && quote == '"' && i + 1 < value.len) {
            c = value.data[++i];
            c = c == 'n' ? '\n' : c;
        }
        buffer_append_char(out, c);
    }
    return false;
}

static bool
read_value(struct str value, struct buffer *out)
{
    size_t end = 0;

    if (value.len > 0 && (value.data[0] == '"' || value.data[0] == '\''))
        return unquote(value, out);
    while (end < value.len && !(value.data[end] == '#' && (end == 0 || value.data[end - 1] == ' ')))
        end++;
    buffer_append_str(out, str_trim(str_slice(value.data, end)));
    return true;
}

static void
read_line(struct dotenv *d, struct str line)
{
    struct str value, name = str_trim(str_cut(line, '=', &value));
    struct buffer text = { 0 };

    if (str_starts(name, "export "))
        name = str_trim(str_slice(name.data + 7, name.len - 7));
    if (is_name(name) && memchr(line.data, '=', line.len) && read_value(str_trim(value), &text)) {
        d->lines = mem_resize(d->lines, d->count + 1, sizeof(*d->lines));
        d->lines[d->count].name = mem_copy_text(name.data, name.len);
        d->lines[d->count++].value = mem_copy_text(text.len ? text.data : "", text.len);
    }
    buffer_fini(&text);
}

struct dotenv *
dotenv_read(const char *path)
{
    FILE *file = fopen(path, "re");
    struct dotenv *d;
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    if (!file)
        return NULL;
    d = mem_zalloc(sizeof(*d));
    while ((len = getline(&line, &size, file)) >= 0)
        read_line(d, str_slice(line, (size_t)len));
    free(line);
    fclose(file);
    return d;
}

void
dotenv_free(struct dotenv *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->count; i++) {
        free(d->lines[i].name);
        free(d->lines[i].value);
    }
    free(d->lines);
    free(d);
}

const char *
dotenv_get(const struct dotenv *d, const char *name)
{
    for (size_t i = d ? d->count : 0; i > 0; i--)
        if (str_is(str_of(d->lines[i - 1].name), name))
            return d->lines[i - 1].value;
    return NULL;
}
