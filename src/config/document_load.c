/* SPDX-License-Identifier: MIT */
/*
 * document_load: the file as JSON.parse takes it, which laravel-echo-server uses.
 */
#include <stdio.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "document_priv.h"
#include "findings.h"

enum { FILE_BYTES_MAX = 1 << 20, SEQUENCE_MAX = 4 };

/* How many bytes at the beginning of s are one character; 0: they are none. */
static size_t
character_len(struct str s)
{
    for (size_t len = 1; len <= SEQUENCE_MAX && len <= s.len; len++)
        if (utf8_valid(str_slice(s.data, len)))
            return len;
    return 0;
}

/* Bytes that are no UTF-8 become U+FFFD. */
static void
append_valid(struct buffer *out, struct str s)
{
    while (s.len > 0) {
        size_t len = character_len(s);

        if (len > 0)
            buffer_append(out, s.data, len);
        else
            buffer_append_text(out, "\xef\xbf\xbd");
        len = len > 0 ? len : 1;
        s = str_slice(s.data + len, s.len - len);
    }
}

/* Numbers of more digits than fit are what JavaScript makes of them. */
static json_t *
parse(struct str text, json_error_t *error)
{
    json_t *root = json_loadb(text.data, text.len, 0, error);

    if (!root && json_error_code(error) == json_error_numeric_overflow)
        root = json_loadb(text.data, text.len, JSON_DECODE_INT_AS_REAL, error);
    return root;
}

static json_t *
load_repaired(const char *file, json_error_t *error, struct findings *f)
{
    struct buffer raw = { 0 }, text = { 0 };
    FILE *stream = fopen(file, "re");
    json_t *root;

    if (!stream)
        return NULL;
    raw.len = fread(buffer_reserve(&raw, FILE_BYTES_MAX), 1, FILE_BYTES_MAX, stream);
    fclose(stream);
    append_valid(&text, buffer_str(&raw));
    if (!str_equal(buffer_str(&text), buffer_str(&raw)))
        findings_say(f, CONFIG_WARNING,
            "%s: the file is not UTF-8; bytes that are none are taken as U+FFFD", file);
    root = parse(buffer_str(&text), error);
    buffer_fini(&raw);
    buffer_fini(&text);
    return root;
}

json_t *
document_load(const char *file, json_error_t *error, struct findings *f)
{
    json_t *root = json_load_file(file, 0, error);
    enum json_error_code code = root ? json_error_unknown : json_error_code(error);

    if (code == json_error_numeric_overflow || code == json_error_invalid_utf8)
        return load_repaired(file, error, f);
    return root;
}
