/* SPDX-License-Identifier: MIT */
/*
 * texts: the map has no reference of its own: the last holder takes the entry out.
 */
#include "base/texts.h"

#include "base/ensure.h"

void
texts_fini(struct texts *t)
{
    ENSURE(t->kept.count == 0);
    map_fini(&t->kept);
}

struct bytes *
texts_hold(struct texts *t, struct str text)
{
    struct bytes *b;

    if (text.len == 0)
        return NULL;
    b = map_get(&t->kept, text);
    if (b)
        return bytes_ref(b);
    b = bytes_count(bytes_new(text.data, text.len), t->budget);
    map_put(&t->kept, bytes_str(b), b);
    return b;
}

void
texts_drop(struct texts *t, struct bytes *text)
{
    if (text && !bytes_is_shared(text))
        ENSURE(map_remove(&t->kept, bytes_str(text)) == text);
    bytes_unref(text);
}
