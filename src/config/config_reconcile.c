/* SPDX-License-Identifier: MIT */
/*
 * config_reconcile: from the options table: what is live, and what has to wait.
 */
#include "config/config.h"
#include "config_priv.h"
#include "option_copy.h"
#include "options.h"

static bool
was_given(const struct config *c, size_t i)
{
    return c->origin[i] != CONFIG_FROM_DEFAULT;
}

/* Some options mean more when they are given, also with their default. */
static bool
differs(const struct config *next, const struct config *running, const struct option *o)
{
    size_t i = options_index(o);
    const char *a = (const char *)next + o->at, *b = (const char *)running + o->at;

    return !option_copy_same(o, a, b) || (o->live && was_given(next, i) != was_given(running, i));
}

void
config_reconcile(struct config *next, const struct config *running,
    void (*on_change)(void *owner, const char *path, bool live), void *owner)
{
    for (size_t i = 0; i < options_count(); i++) {
        const struct option *o = options_row(i);

        if (o->kind >= OPTION_GROUP)
            continue;
        if (differs(next, running, o))
            on_change(owner, o->path, o->live);
        if (o->live)
            continue;
        option_copy(o, config_slot(next, o), (const char *)running + o->at);
        next->origin[i] = running->origin[i];
    }
}
