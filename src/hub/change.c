/* SPDX-License-Identifier: MIT */
/*
 * change: fields("1", version, before, "+" or "-", conn[, user, member]).
 */
#include "change.h"

#include "fields.h"
#include "json/json_scan.h"

bool
change_is_member(struct str text)
{
    struct str object;

    return json_scan_whole(text, &object) && json_scan_kind(object) == JSON_OBJECT;
}

bool
change_parse(struct str payload, struct change *out)
{
    struct str protocol, op;

    *out = (struct change){ 0 };
    if (!fields_take(&payload, &protocol) || !str_is(protocol, "1") ||
        !fields_take_u64(&payload, &out->version) || !fields_take_u64(&payload, &out->before) ||
        !fields_take(&payload, &op) || !fields_take(&payload, &out->item.conn))
        return false;
    out->item.seq = out->version;
    out->enters = str_is(op, "+");
    if (!out->enters)
        return str_is(op, "-");
    return fields_take(&payload, &out->item.user) && fields_take(&payload, &out->item.member) &&
           change_is_member(out->item.member);
}
