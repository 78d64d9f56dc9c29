/* SPDX-License-Identifier: MIT */
/*
 * option_value_append: a value as it may be shown.
 */
#include "base/buffer.h"
#include "config/config.h"
#include "option_value.h"
#include "options.h"

static void
append_list(const struct config_list *l, struct buffer *out)
{
    buffer_append_char(out, '[');
    for (size_t i = 0; i < l->count; i++)
        buffer_printf(out, "%s\"%s\"", i > 0 ? ", " : "", l->items[i]);
    buffer_append_char(out, ']');
}

static void
append_text(const struct option *o, const char *text, struct buffer *out)
{
    if (o->secret)
        buffer_append_text(out, text ? "set" : "not set");
    else if (!text)
        buffer_append_text(out, "null");
    else
        buffer_printf(out, "\"%s\"", text);
}

void
option_value_append(const struct option *o, const void *slot, struct buffer *out)
{
    switch (o->kind) {
    case OPTION_BOOL:
    case OPTION_SWITCH:
        buffer_append_text(out, *(const bool *)slot ? "true" : "false");
        return;
    case OPTION_NUMBER:
    case OPTION_PORT:
        buffer_append_u64(out, *(const uint64_t *)slot);
        return;
    case OPTION_TEXT:
    case OPTION_PATH:
        append_text(o, *(char *const *)slot, out);
        return;
    case OPTION_CHOICE:
        append_text(o, o->choices[*(const unsigned *)slot], out);
        return;
    case OPTION_LIST:
        append_list(slot, out);
        return;
    case OPTION_CLIENTS:
    case OPTION_CERTIFICATES:
    case OPTION_NODES:
        buffer_append_text(out, "[]");
        return;
    case OPTION_HEADERS:
    case OPTION_GROUP:
        buffer_append_text(out, "{}");
        return;
    case OPTION_IGNORED:
    case OPTION_REFUSED:
        return;
    }
}
