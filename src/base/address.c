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

bool
address_parse(struct str text, struct address *out)
{
    bool bracket = str_starts(text, "[");
    struct str rest, first = str_cut(text, bracket ? ']' : ':', &rest);

    if (bracket)
        return first.len < text.len && parse_bare(str_slice(first.data + 1, first.len - 1), out);
    /* More than one colon is IPv6 without a port. */
    return parse_bare(rest.len > 0 && memchr(rest.data, ':', rest.len) ? text : first, out);
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

const char *
address_text(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
    if (memcmp(a->bytes, mapped, sizeof(mapped)) == 0)
        inet_ntop(AF_INET, a->bytes + sizeof(mapped), out, ADDRESS_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, a->bytes, out, ADDRESS_TEXT_SIZE);
    return out;
}

struct address
address_loopback(void)
{
    return (struct address){ { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 } };
}

struct address
address_network(const struct address *a)
{
    enum { HOST_AT = 8 };
    struct address n = *a;

    if (memcmp(a->bytes, mapped, sizeof(mapped)) != 0)
        memset(n.bytes + HOST_AT, 0, sizeof(n.bytes) - HOST_AT);
    return n;
}

bool
address_is_loopback(const struct address *a)
{
    static const uint8_t v6[16] = { [15] = 1 };

    return memcmp(a->bytes, v6, sizeof(v6)) == 0 ||
           (memcmp(a->bytes, mapped, sizeof(mapped)) == 0 && a->bytes[sizeof(mapped)] == 127);
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
