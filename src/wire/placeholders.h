/* SPDX-License-Identifier: MIT */
/*
 * placeholders: where a binary packet's JSON says that attachments belong:
 * {"_placeholder":true,"num":0}.  Private to sio_packet.  Pure.
 */
#ifndef WIRE_PLACEHOLDERS_H
#define WIRE_PLACEHOLDERS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

/*
 * Whether every placeholder in a value that json_scan_value() accepted names one of the
 * attachments.  An empty value has none.
 */
MUST_USE bool placeholders_within(struct str value, unsigned attachments);

#endif
