/* SPDX-License-Identifier: MIT */
/*
 * description: one table of keys for both directions.
 */
#include "instance/description.h"

#include "base/buffer.h"

struct key {
    const char *name;
    bool is_number;
    size_t at; /* in struct description: struct str or uint64_t */
};

#define TEXT(field) #field, false, offsetof(struct description, field)
#define NUMBER(field) #field, true, offsetof(struct description, field)

/* config comes last: a path may hold spaces. */
static const struct key keys[] = {
    { TEXT(version) },
    { TEXT(state) },
    { NUMBER(started) },
    { NUMBER(port) },
    { TEXT(host) },
    { NUMBER(connections) },
    { TEXT(config) },
};

static bool
is_last(const struct key *k)
{
    return k == &keys[COUNT_OF(keys) - 1];
}

void
description_write(const struct description *d, struct buffer *line)
{
    for (const struct key *k = keys; k < keys + COUNT_OF(keys); k++) {
        const void *field = (const char *)d + k->at;

        buffer_printf(line, "%s=", k->name);
        if (k->is_number)
            buffer_append_u64(line, *(const uint64_t *)field);
        else
            buffer_append_str(line, *(const struct str *)field);
        buffer_append_char(line, is_last(k) ? '\n' : ' ');
    }
}

static const struct key *
find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (str_is(name, keys[i].name))
            return &keys[i];
    return NULL;
}

static bool
set(struct description *d, const struct key *k, struct str value)
{
    void *field = (char *)d + k->at;

    if (k->is_number)
        return str_to_u64(value, UINT64_MAX, field);
    *(struct str *)field = value;
    return true;
}

bool
description_parse(struct str line, struct description *d)
{
    *d = (struct description){ 0 };
    if (!str_ends(line, "\n"))
        return false;
    line.len--;
    while (line.len > 0) {
        struct str rest, value, name = str_cut(line, '=', &rest);
        const struct key *k = find(name);

        if (k && is_last(k))
            return set(d, k, rest);
        value = str_cut(rest, ' ', &line);
        if (k && !set(d, k, value))
            return false;
    }
    return false;
}
