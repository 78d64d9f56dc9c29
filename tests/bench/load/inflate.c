/* SPDX-License-Identifier: MIT */
#include "inflate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "die.h"

enum { TEXT_SIZE = 1 << 20, TAIL = 4 };

static bool
inflate_all(struct inflate *i, const char *data, size_t len)
{
    z_stream z = { 0 };

    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        die("inflateInit2 failed");
    z.next_in = (Bytef *)(uintptr_t)data;
    z.avail_in = (uInt)len;
    z.next_out = (Bytef *)i->text;
    z.avail_out = TEXT_SIZE;
    int status = inflate(&z, Z_SYNC_FLUSH);
    i->text_len = TEXT_SIZE - z.avail_out;
    bool is_whole = (status == Z_OK || status == Z_STREAM_END) && z.avail_in == 0;
    (void)inflateEnd(&z);
    return is_whole;
}

bool
inflate_message(struct inflate *i, const char *data, size_t len)
{
    if (i->last != NULL && i->last_len == len && memcmp(i->last, data, len) == 0)
        return true;
    if (i->text == NULL)
        i->text = malloc(TEXT_SIZE);
    char *copy = realloc(i->last, len + TAIL);
    if (i->text == NULL || copy == NULL)
        die("out of memory");
    /* The four bytes that every message ends with are not sent. */
    memcpy(copy, data, len);
    memcpy(copy + len, "\x00\x00\xff\xff", TAIL);
    i->last = copy;
    i->last_len = len;
    if (inflate_all(i, copy, len + TAIL))
        return true;
    i->last_len = 0;
    return false;
}
