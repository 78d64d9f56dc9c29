/* SPDX-License-Identifier: MIT */
/*
 * utf8: validation as it streams (RFC 3629, section 4).
 */
#include "base/utf8.h"

/* What a lead byte asks for: how many continuations, and the range of the first one. */
static bool
begin_sequence(struct utf8_check *c, uint8_t lead)
{
    c->low = 0x80;
    c->high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
        c->missing = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        c->missing = 2;
        c->low = lead == 0xe0 ? 0xa0 : 0x80;
        c->high = lead == 0xed ? 0x9f : 0xbf;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        c->missing = 3;
        c->low = lead == 0xf0 ? 0x90 : 0x80;
        c->high = lead == 0xf4 ? 0x8f : 0xbf;
    } else {
        return false;
    }
    return true;
}

/* How many bytes from data on are ASCII, counted in words. */
static size_t
ascii_run(const char *data, size_t len)
{
    size_t n = 0;
    uint64_t word;

    while (len - n >= sizeof(word)) {
        memcpy(&word, data + n, sizeof(word));
        if (word & 0x8080808080808080u)
            break;
        n += sizeof(word);
    }
    while (n < len && !(data[n] & 0x80))
        n++;
    return n;
}

static bool
utf8_continues(char c)
{
    return ((uint8_t)c & 0xc0) == 0x80;
}

/* How many bytes from data on are whole sequences of two or three with no more than the common
 * rule to obey: most of what is not ASCII. */
static size_t
common_run(const char *data, size_t len)
{
    size_t n = 0;

    while (len - n >= 3 && utf8_continues(data[n + 1])) {
        uint8_t lead = (uint8_t)data[n];

        if (lead >= 0xc2 && lead <= 0xdf)
            n += 2;
        else if (lead > 0xe0 && lead <= 0xef && lead != 0xed && utf8_continues(data[n + 2]))
            n += 3;
        else
            break;
    }
    return n;
}

bool
utf8_check_feed(struct utf8_check *c, const char *data, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint8_t byte = (uint8_t)data[i];

        if (c->missing == 0) {
            size_t run = byte < 0x80 ? ascii_run(data + i, len - i) : common_run(data + i, len - i);

            i += run;
            if (run == 0 && !begin_sequence(c, (uint8_t)data[i++]))
                return false;
            continue;
        }
        if (byte < c->low || byte > c->high)
            return false;
        c->missing--;
        c->low = 0x80;
        c->high = 0xbf;
        i++;
    }
    return true;
}

bool
utf8_check_complete(const struct utf8_check *c)
{
    return c->missing == 0;
}

bool
utf8_valid(struct str s)
{
    struct utf8_check c = { 0 };

    return utf8_check_feed(&c, s.data, s.len) && utf8_check_complete(&c);
}

size_t
utf8_utf16_length(struct str s)
{
    size_t units = 0;

    for (size_t i = 0; i < s.len; i++) {
        uint8_t byte = (uint8_t)s.data[i];

        units += (byte & 0xc0) != 0x80; /* each sequence once */
        units += byte >= 0xf0;          /* beyond the basic plane: a surrogate pair */
    }
    return units;
}
