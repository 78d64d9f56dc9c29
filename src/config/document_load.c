/* SPDX-License-Identifier: MIT */
/*
 * document_load: jansson reports the end of the token that it does not accept; common mistakes are
 * looked for around that place.
 */
#include "document_load.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "findings.h"

enum { FILE_BYTES_MAX = 16 << 20, SEQUENCE_MAX = 4 };

/* ---- what is wrong ---- */

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

/* NULL: it is not one of the usual ones. */
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
        return "names and strings must be in double quotes";
    if (end >= text.len)
        return "the file is incomplete: a bracket or a quote is never closed";
    return NULL;
}

/* Append what the parser says, and the usual mistake, if it is one. */
static void
explain_text(struct str text, const json_error_t *e, struct buffer *out)
{
    const char *mistake = usual_mistake(text, e->position > 0 ? (size_t)e->position : 0);

    buffer_printf(
        out, "the file is not JSON: %s%s%s", e->text, mistake ? "; " : "", mistake ? mistake : "");
}

bool
document_load_check(struct str text, struct buffer *error)
{
    json_error_t e;
    json_t *root = json_loadb(text.data, text.len, JSON_DECODE_INT_AS_REAL, &e);
    bool good = json_is_object(root);

    if (!root) {
        buffer_printf(error, "line %d, column %d: ", e.line, e.column);
        explain_text(text, &e, error);
    } else if (!good) {
        buffer_append_text(error, "expected an object, {\"port\": 6001, ...}");
    }
    json_decref(root);
    return good;
}

/* ---- the file ---- */

/* False: errno says why. */
static bool
read_file(const char *file, struct buffer *text)
{
    FILE *stream = fopen(file, "re");
    size_t n = BUFSIZ;
    bool good;

    if (!stream)
        return false;
    while (n == BUFSIZ && text->len < FILE_BYTES_MAX) {
        n = fread(buffer_reserve(text, BUFSIZ), 1, BUFSIZ, stream);
        text->len += n;
    }
    good = !ferror(stream);
    fclose(stream);
    return good;
}

/* Bytes that are not UTF-8 become U+FFFD. */
static void
append_valid(struct buffer *out, struct str s)
{
    while (s.len > 0) {
        size_t len = 1;

        while (len < SEQUENCE_MAX && len < s.len && !utf8_valid(str_slice(s.data, len)))
            len++;
        if (utf8_valid(str_slice(s.data, len))) {
            buffer_append(out, s.data, len);
        } else {
            buffer_append_text(out, "\xef\xbf\xbd");
            len = 1;
        }
        s = str_slice(s.data + len, s.len - len);
    }
}

static json_t *
parse_text(const char *file, struct buffer *text, json_error_t *e, struct findings *f)
{
    json_t *root = json_loadb(text->data, text->len, 0, e);

    if (!root && json_error_code(e) == json_error_invalid_utf8) {
        struct buffer valid = { 0 };

        append_valid(&valid, buffer_str(text));
        buffer_fini(text);
        *text = valid;
        findings_say(
            f, CONFIG_WARNING, "%s: the file is not UTF-8; invalid bytes are read as U+FFFD", file);
        root = json_loadb(text->data, text->len, 0, e);
    }
    /* Numbers of more digits than fit are what JavaScript makes of them. */
    if (!root && json_error_code(e) == json_error_numeric_overflow)
        root = json_loadb(text->data, text->len, JSON_DECODE_INT_AS_REAL, e);
    return root;
}

json_t *
document_load(const char *file, struct findings *f)
{
    struct buffer text = { 0 }, mistake = { 0 };
    json_t *root = NULL;
    char reason[128];
    json_error_t e;

    if (read_file(file, &text)) {
        root = parse_text(file, &text, &e, f);
        if (!root)
            explain_text(buffer_str(&text), &e, &mistake);
        if (!root)
            findings_say(f, CONFIG_ERROR, "%s:%d:%d: %.*s", file, e.line, e.column,
                STR_ARG(buffer_str(&mistake)));
    } else if (errno == EISDIR) {
        findings_say(
            f, CONFIG_ERROR, "%s: it is a folder: name the file in it with --config", file);
    } else {
        findings_say(f, CONFIG_ERROR, "%s: %s; check its permissions (ls -l)", file,
            strerror_r(errno, reason, sizeof(reason)));
    }
    buffer_fini(&text);
    buffer_fini(&mistake);
    return root;
}
