/* SPDX-License-Identifier: MIT */
/*
 * address: inet_pton(3) does the reading.
 */
#include "base/address.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

enum { V4_BITS = 32, V6_BITS = 128, V4_BEFORE = V6_BITS - V4_BITS };

static bool
parse_bare(struct str text, struct address *out)
{
    char copy[ADDRESS_TEXT_SIZE];

    if (text.len == 0 || text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (strlen(copy) != text.len)
        return false;
    if (inet_pton(AF_INET6, copy, out->bytes) == 1)
        return true;
    memcpy(out->bytes, mapped, sizeof(mapped));
    return inet_pton(AF_INET, copy, out->bytes + sizeof(mapped)) == 1;
}

/* Of "address" and "address:port"; more than one colon is IPv6 without a port. */
static struct str
without_port(struct str text)
{
    const char *first = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
    const char *last = text.len > 0 ? memrchr(text.data, ':', text.len) : NULL;

    return first && first == last ? str_slice(text.data, (size_t)(first - text.data)) : text;
}

bool
address_parse(struct str text, struct address *out)
{
    const char *end;

    if (!str_starts(text, "["))
        return parse_bare(without_port(text), out);
    end = memchr(text.data, ']', text.len);
    return end && parse_bare(str_slice(text.data + 1, (size_t)(end - text.data - 1)), out);
}

bool
address_of(const struct sockaddr *from, struct address *out)
{
    const struct sockaddr_in *v4 = (const void *)from;
    const struct sockaddr_in6 *v6 = (const void *)from;

    if (from->sa_family == AF_INET6)
        memcpy(out->bytes, &v6->sin6_addr, sizeof(out->bytes));
    if (from->sa_family != AF_INET)
        return from->sa_family == AF_INET6;
    memcpy(out->bytes, mapped, sizeof(mapped));
    memcpy(out->bytes + sizeof(mapped), &v4->sin_addr, sizeof(v4->sin_addr));
    return true;
}

static bool
is_v4(const struct address *a)
{
    return memcmp(a->bytes, mapped, sizeof(mapped)) == 0;
}

const char *
address_text(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
    if (is_v4(a))
        inet_ntop(AF_INET, a->bytes + sizeof(mapped), out, ADDRESS_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, a->bytes, out, ADDRESS_TEXT_SIZE);
    return out;
}

bool
address_range_parse(struct str text, struct address_range *out)
{
    struct str rest, address = str_cut(text, '/', &rest);
    bool v4 = !memchr(address.data, ':', address.len);
    uint64_t bits = v4 ? V4_BITS : V6_BITS;

    if (!parse_bare(address, &out->first))
        return false;
    if (address.len < text.len && !str_to_u64(rest, bits, &bits))
        return false;
    out->bits = (unsigned)bits + (v4 ? V4_BEFORE : 0);
    return true;
}

bool
address_range_has(const struct address_range *r, const struct address *a)
{
    size_t whole = r->bits / 8;
    unsigned rest = r->bits % 8;

    if (memcmp(r->first.bytes, a->bytes, whole) != 0)
        return false;
    return rest == 0 || (r->first.bytes[whole] ^ a->bytes[whole]) >> (8 - rest) == 0;
}
