/* SPDX-License-Identifier: MIT */
/*
 * dotenv: values are what Node's dotenv 8 makes of them, which is laravel-echo-server's: one within
 * quotes is taken as it stands, but for "\n" in double ones, which is a line break.  `export`
 * before a name, and comments after a value, are understood as well, as Laravel does.
 */
#include "base/dotenv.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
        if (!isalnum((unsigned char)s.data[i]) && !strchr("_.-", s.data[i]))
            return false;
    return s.len > 0;
}

/* Where the quote that ends value stands: last, or before a comment; 0: it has none. */
static size_t
closing_quote(struct str value)
{
    size_t end = value.len - 1;

    if (end > 0 && value.data[end] == value.data[0])
        return end;
    for (; end > 0; end--) {
        struct str after = str_slice(value.data + end + 1, value.len - end - 1);

        if (value.data[end] == value.data[0] && str_starts(str_trim(after), "#"))
            return end;
    }
    return 0;
}

static bool
dotenv_unquote(struct str value, struct buffer *out)
{
    size_t end = closing_quote(value);

    for (size_t i = 1; i < end; i++) {
        bool line_break = value.data[0] == '"' && value.data[i] == '\\' && i + 1 < end &&
                          value.data[i + 1] == 'n';

        buffer_append_char(out, line_break ? '\n' : value.data[i]);
        i += line_break ? 1 : 0;
    }
    return end > 0;
}

/* line is what follows the "=". */
static bool
dotenv_read_value(struct str line, struct buffer *out)
{
    struct str value = str_trim(line);
    size_t end = 0;

    if (value.len > 0 && (value.data[0] == '"' || value.data[0] == '\''))
        return dotenv_unquote(value, out);
    while (end < line.len &&
           !(line.data[end] == '#' && end > 0 && isspace((unsigned char)line.data[end - 1])))
        end++;
    buffer_append_str(out, str_trim(str_slice(line.data, end)));
    return true;
}

static void
dotenv_read_line(struct dotenv *d, struct str line)
{
    struct str value, name;
    struct buffer text = { 0 };

    if (str_starts(line, "\xef\xbb\xbf")) /* some editors begin a file with a byte order mark */
        line = str_slice(line.data + 3, line.len - 3);
    name = str_trim(str_cut(line, '=', &value));
    if (str_starts(name, "export "))
        name = str_trim(str_slice(name.data + 7, name.len - 7));
    if (is_name(name) && memchr(line.data, '=', line.len) && dotenv_read_value(value, &text)) {
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
        dotenv_read_line(d, str_slice(line, (size_t)len));
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

const char *
dotenv_name(const struct dotenv *d, size_t i)
{
    return d && i < d->count ? d->lines[i].name : NULL;
}
