/* SPDX-License-Identifier: MIT */
/*
 * fields: lengths before bytes, so nothing is escaped and nothing is searched.
 */
#include "cluster/fields.h"

#include "base/buffer.h"

enum { LENGTH_DIGITS_MAX = 10 };

void
fields_put(struct buffer *out, struct str field)
{
    buffer_append_u64(out, field.len);
    buffer_append_char(out, ':');
    buffer_append_str(out, field);
}

void
fields_put_u64(struct buffer *out, uint64_t value)
{
    struct buffer digits = { 0 };

    buffer_append_u64(&digits, value);
    fields_put(out, buffer_str(&digits));
    buffer_fini(&digits);
}

bool
fields_take(struct str *rest, struct str *field)
{
    size_t window = rest->len <= LENGTH_DIGITS_MAX ? rest->len : LENGTH_DIGITS_MAX + 1;
    const char *colon = window > 0 ? memchr(rest->data, ':', window) : NULL;
    uint64_t len;
    size_t head;

    if (!colon)
        return false;
    head = (size_t)(colon - rest->data);
    if (!str_to_u64(str_slice(rest->data, head), UINT32_MAX, &len) || len > rest->len - head - 1)
        return false;
    *field = str_slice(colon + 1, (size_t)len);
    *rest = str_slice(field->data + field->len, rest->len - head - 1 - field->len);
    return true;
}

bool
fields_take_u64(struct str *rest, uint64_t *value)
{
    struct str digits;

    return fields_take(rest, &digits) && str_to_u64(digits, UINT64_MAX, value);
}
