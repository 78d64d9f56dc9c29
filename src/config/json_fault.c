/* SPDX-License-Identifier: MIT */
/*
 * json_fault: jansson says where the token ends that it cannot take; around that place usual
 * mistakes are looked for.
 */
#include "json_fault.h"

#include <ctype.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/buffer.h"

enum { FILE_BYTES_MAX = 1 << 20 };

static char
char_at(struct str text, size_t i)
{
    return i < text.len ? text.data[i] : '\0';
}

/* The character before i that is not white. */
static char
before(struct str text, size_t i)
{
    while (i > 0 && isspace((unsigned char)text.data[i - 1]))
        i--;
    return i > 0 ? text.data[i - 1] : '\0';
}

/* NULL: it is none of the usual ones. */
static const char *
usual_mistake(struct str text, size_t end)
{
    size_t at = end > 0 ? end - 1 : 0;
    char last = char_at(text, at);

    if (str_trim(text).len == 0)
        return "the file is empty; `echo-server init` writes one";
    if (str_starts(text, "\xef\xbb\xbf"))
        return "it begins with a byte order mark: save it as UTF-8 without one";
    if (last == '#' || (last == '/' && (char_at(text, end) == '/' || char_at(text, end) == '*')))
        return "JSON has no comments: remove it";
    if ((last == '}' || last == ']') && before(text, at) == ',')
        return "remove the comma before it";
    if (last == '\'')
        return "names and texts stand in double quotes";
    if (end >= text.len)
        return "the file was cut off: a bracket or a quote is never closed";
    return NULL;
}

void
json_fault_explain(struct str text, const json_error_t *e, struct buffer *out)
{
    const char *mistake = usual_mistake(text, e->position > 0 ? (size_t)e->position : 0);

    buffer_printf(
        out, "the file is not JSON: %s%s%s", e->text, mistake ? "; " : "", mistake ? mistake : "");
}

void
json_fault_explain_file(const char *file, const json_error_t *e, struct buffer *out)
{
    struct buffer text = { 0 };
    struct stat s;
    FILE *stream;

    if (stat(file, &s) == 0 && S_ISDIR(s.st_mode)) {
        buffer_printf(out, "%s: it is a folder: name the file in it with --config", file);
        return;
    }
    stream = fopen(file, "re");
    if (!stream || e->line < 0) {
        buffer_printf(out, "%s: %s; see its permissions (ls -l)", file, e->text);
    } else {
        text.len = fread(buffer_reserve(&text, FILE_BYTES_MAX), 1, FILE_BYTES_MAX, stream);
        buffer_printf(out, "%s:%d:%d: ", file, e->line, e->column);
        json_fault_explain(buffer_str(&text), e, out);
    }
    if (stream)
        fclose(stream);
    buffer_fini(&text);
}
