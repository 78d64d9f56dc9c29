/* SPDX-License-Identifier: MIT */
/*
 * channels_kind: apart from channels.c, since the HTTP API needs the names' meaning alone.
 */
#include "channels/channels.h"

enum channel_kind
channels_kind(struct str name)
{
    if (str_starts(name, "presence-"))
        return CHANNEL_PRESENCE;
    if (str_contains(name, "private-") || str_contains(name, "presence-"))
        return CHANNEL_PRIVATE;
    return CHANNEL_PUBLIC;
}
