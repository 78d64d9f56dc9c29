/* SPDX-License-Identifier: MIT */
/*
 * address: IP addresses, from text and from sockets, and ranges of them.  IPv4 is kept as
 * ::ffff:a.b.c.d, so that both compare alike.  Pure; any thread.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

enum { ADDRESS_TEXT_SIZE = 46 };

struct sockaddr;

struct address {
    uint8_t bytes[16];
};

struct address_range {
    struct address first;
    unsigned bits; /* of it that count */
};

/* "192.0.2.1", "2001:db8::1", "[2001:db8::1]"; with a port after it, which is ignored. */
MUST_USE bool address_parse(struct str text, struct address *out);
/* Of a socket, without its port.  False: it is not an IP socket. */
bool address_of(const struct sockaddr *from, struct address *out);
/* As inet_ntop(3) writes it; IPv4 as such.  Returns out. */
const char *address_text(const struct address *a, char out[ADDRESS_TEXT_SIZE]);

/* 127.0.0.0/8 or ::1. */
bool address_is_loopback(const struct address *a);
/* 127.0.0.1 */
struct address address_loopback(void);
/* What counts as one client: of IPv6 the /64, which is one customer's; IPv4 as it is. */
struct address address_network(const struct address *a);

/* "10.0.0.0/8", "2001:db8::/32", or one address. */
MUST_USE bool address_range_parse(struct str text, struct address_range *out);
bool address_range_has(const struct address_range *r, const struct address *a);

#endif
