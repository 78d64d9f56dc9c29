/* SPDX-License-Identifier: MIT */
/*
 * laravel_slug: letters of Latin-1 and Latin Extended-A get their plain spelling; then words of
 * letters and digits are joined by the separator.
 */
#include "laravel_slug.h"

#include <ctype.h>

#include "base/buffer.h"

enum { LATIN_FIRST = 0xc0, LATIN_LAST = 0x17f, NO_BREAK_SPACE = 0xa0 };

/* Two characters a letter, from U+00C0 on, in lower case. */
static const char latin[] = "a a a a a a aec e e e e i i i i d n o o o o o   o u u u u y thss"
                            "a a a a a a aec e e e e i i i i d n o o o o o   o u u u u y thy "
                            "a a a a a a c c c c c c c c d d d d e e e e e e e e e e g g g g "
                            "g g g g h h h h i i i i i i i i i i ijijj j k k k l l l l l l l "
                            "l l l n n n n n n n n n o o o o o o oeoer r r r r r s s s s s s "
                            "s s t t t t t t u u u u u u u u u u u u w w y y y z z z z z z s ";

/* A character of two bytes; 0: it is another one. */
static unsigned
two_bytes(struct str s)
{
    unsigned char lead = (unsigned char)s.data[0], next = s.len > 1 ? (unsigned char)s.data[1] : 0;

    if ((lead & 0xe0) != 0xc0 || (next & 0xc0) != 0x80)
        return 0;
    return (lead & 0x1fU) << 6 | (next & 0x3fU);
}

/* Append the plain spelling; false: it is not known. */
static bool
append_plain(unsigned code, struct buffer *out)
{
    const char *spelling;

    if (code == NO_BREAK_SPACE) {
        buffer_append_char(out, ' ');
        return true;
    }
    if (code < LATIN_FIRST || code > LATIN_LAST)
        return false;
    spelling = &latin[2 * (size_t)(code - LATIN_FIRST)];
    for (int i = 0; i < 2 && spelling[i] != ' '; i++)
        buffer_append_char(out, spelling[i]);
    return true;
}

static bool
append_ascii(struct str name, struct buffer *out)
{
    bool exact = true;

    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        unsigned code;

        if ((c & 0x80) == 0) {
            buffer_append_char(out, c);
            continue;
        }
        code = two_bytes(str_slice(name.data + i, name.len - i));
        i += code ? 1 : 0;
        exact &= append_plain(code, out);
    }
    return exact;
}

bool
laravel_slug(struct str name, char separator, struct buffer *out)
{
    struct buffer ascii = { 0 };
    bool exact = append_ascii(name, &ascii), begun = false, gap = false;

    for (size_t i = 0; i < ascii.len; i++) {
        unsigned char c = (unsigned char)ascii.data[i];
        bool at = c == '@';

        gap |= at || c == '-' || c == '_' || isspace(c);
        if (!at && !isalnum(c))
            continue;
        if (gap && begun)
            buffer_append_char(out, separator);
        if (at)
            buffer_append_text(out, "at");
        else
            buffer_append_char(out, (char)tolower(c));
        gap = at;
        begun = true;
    }
    buffer_fini(&ascii);
    return exact;
}
