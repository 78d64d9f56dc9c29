/* SPDX-License-Identifier: MIT */
/*
 * pmd_offer: negotiation of permessage-deflate (RFC 7692 section 7) from the value of
 * Sec-WebSocket-Extensions.  Pure.
 */
#ifndef WIRE_PMD_OFFER_H
#define WIRE_PMD_OFFER_H

#include <stdbool.h>

#include "base/str.h"

/* Whether some offer in the header is acceptable: an offer that requires server_max_window_bits
 * below 15, or carries an unknown or repeated parameter, is declined.  The answer is always
 * PMD_OFFER_ANSWER. */
bool pmd_offer_accept(struct str extensions);

#define PMD_OFFER_ANSWER                                                                           \
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

#endif
