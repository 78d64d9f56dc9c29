/* SPDX-License-Identifier: MIT */
/*
 * pmd_offer: the offers of one Sec-WebSocket-Extensions header.
 */
#include "wire/pmd_offer.h"

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

static struct str
unquote(struct str s)
{
    if (s.len >= 2 && s.data[0] == '"' && s.data[s.len - 1] == '"')
        return str_slice(s.data + 1, s.len - 2);
    return s;
}

/* 8 to 15, without leading zeros. */
static bool
is_window(struct str value, uint64_t *bits)
{
    value = unquote(value);
    return !str_starts(value, "0") && str_to_u64(value, 15, bits) && *bits >= 8;
}

/* One parameter; *seen has a bit for each that was there already. */
static bool
accept_parameter(struct str parameter, unsigned *seen)
{
    static const char *const names[] = { "server_no_context_takeover", "client_no_context_takeover",
        "server_max_window_bits", "client_max_window_bits" };
    struct str value, name = str_trim(str_cut(parameter, '=', &value));
    uint64_t bits = 15;

    value = str_trim(value);
    for (unsigned i = 0; i < COUNT_OF(names); i++) {
        if (!str_is(name, names[i]))
            continue;
        if (*seen & BIT(i))
            return false;
        *seen |= BIT(i);
        if (i < 2)
            return value.len == 0;
        if (i == 2)
            return is_window(value, &bits) && bits == 15;
        return value.len == 0 || is_window(value, &bits);
    }
    return false;
}

bool
pmd_offer_accept(struct str extensions)
{
    while (extensions.len > 0) {
        struct str offer = str_cut(extensions, ',', &extensions);
        bool good = str_is_nocase(str_trim(str_cut(offer, ';', &offer)), "permessage-deflate");
        unsigned seen = 0;

        while (good && offer.len > 0)
            good = accept_parameter(str_cut(offer, ';', &offer), &seen);
        if (good)
            return true;
    }
    return false;
}
