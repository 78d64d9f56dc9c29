/* SPDX-License-Identifier: MIT */
/*
 * proxies: the words of Express' "trust proxy", which operators know.
 */
#include "base/proxies.h"

#include <limits.h>
#include <stdlib.h>

#include "base/address.h"
#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"

struct proxies {
    unsigned hops; /* trusted whatever their addresses */
    struct address_range *ranges;
    size_t count;
};

static const struct {
    const char *name;
    const char *ranges[2];
} groups[] = {
    { "loopback", { "127.0.0.0/8", "::1/128" } },
    { "linklocal", { "169.254.0.0/16", "fe80::/10" } },
    { "uniquelocal", { "10.0.0.0/8", "172.16.0.0/12" } },
    { "uniquelocal", { "192.168.0.0/16", "fc00::/7" } },
};

static bool
add_range(struct proxies *p, const char *text)
{
    struct address_range range;

    if (!address_range_parse(str_of(text), &range))
        return false;
    p->ranges = mem_resize(p->ranges, p->count + 1, sizeof(*p->ranges));
    p->ranges[p->count++] = range;
    return true;
}

static bool
add_group(struct proxies *p, const char *name)
{
    bool found = false;

    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        if (!str_is_nocase(str_of(name), groups[i].name))
            continue;
        ENSURE(add_range(p, groups[i].ranges[0]) && add_range(p, groups[i].ranges[1]));
        found = true;
    }
    return found;
}

/* An entry that stands alone. */
static bool
parse_alone(const char *text, unsigned *hops)
{
    uint64_t number;

    *hops = 0;
    if (str_is_nocase(str_of(text), "true"))
        *hops = UINT_MAX;
    else if (str_to_u64(str_of(text), UINT_MAX, &number))
        *hops = (unsigned)number;
    else
        return str_is_nocase(str_of(text), "false");
    return true;
}

struct proxies *
proxies_new(const char *const *entries, size_t count, struct buffer *error)
{
    struct proxies *p = mem_zalloc(sizeof(*p));

    if (count == 1 && parse_alone(entries[0], &p->hops))
        return p;
    for (size_t i = 0; i < count; i++) {
        if (add_group(p, entries[i]) || add_range(p, entries[i]))
            continue;
        buffer_printf(error, "\"%s\" is not an address", entries[i]);
        proxies_free(p);
        return NULL;
    }
    return p;
}

void
proxies_free(struct proxies *p)
{
    if (!p)
        return;
    free(p->ranges);
    free(p);
}

bool
proxies_trust(const struct proxies *p, const struct address *a, unsigned hop)
{
    if (hop < p->hops)
        return true;
    for (size_t i = 0; i < p->count; i++)
        if (address_range_has(&p->ranges[i], a))
            return true;
    return false;
}
