/* SPDX-License-Identifier: MIT */
/*
 * shares: what each address holds of the things that a worker has only so many of, and which
 * address has to give way when they run short (docs/architecture.md, "Fairness by address").
 *
 * IPv6 counts by /64, and IPv4-mapped addresses as IPv4.  A table is one worker's; what is said to
 * be for any thread is so because a connection may end on another worker than its own.  It does
 * not know how an address was found out.
 */
#ifndef NET_SHARES_H
#define NET_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/attr.h"
#include "net/allowance.h"

struct buffer;
struct share; /* an address' */
struct shares;

enum shares_kind {
    SHARES_CONNECTIONS,
    SHARES_SESSIONS,
    SHARES_ADRIFT,    /* sessions that no connection serves */
    SHARES_QUESTIONS, /* to the application, waiting or under way */
    SHARES_REQUESTS,  /* of these, those that are under way */
    SHARES_KINDS,
};

/* What an address may do so many times a second, if that is limited. */
enum shares_act { SHARES_HANDSHAKE, SHARES_QUESTION, SHARES_KILOBYTE, SHARES_ACTS };

struct shares *shares_new(void);
/* Nothing is held any more. */
void shares_free(struct shares *t);

/* An address' own.  It is there as long as something of it is held, or until the next call. */
struct share *shares_of(struct shares *t, const struct address *a);
/* Of peers on this machine that name no client: everything is admitted.  Lives with the table. */
struct share *shares_local(struct shares *t);

/*
 * Whether one more may be held, of which so many of limit are free.  Always, while more than a
 * fifth is free; from then on by whoever holds less than a quarter of what is.  NULL is fine.
 */
MUST_USE bool shares_admit(const struct share *s, enum shares_kind kind, size_t free, size_t limit);
/* Whether it may do it once more, at most so often; that is counted.  NULL is fine. */
MUST_USE bool shares_pass(
    struct share *s, enum shares_act act, struct allowance_rate rate, uint64_t now_ms);
/* The same for so many bytes of SHARES_KILOBYTE. */
MUST_USE bool shares_pass_bytes(
    struct share *s, size_t bytes, struct allowance_rate rate, uint64_t now_ms);
/* "192.0.2.1" or "2001:db8::/64".  Returns text. */
enum { SHARES_TEXT_SIZE = ADDRESS_TEXT_SIZE + 3 };
const char *shares_text(const struct share *s, char text[SHARES_TEXT_SIZE]);

/* One more, and one less; NULL is fine.  Connections are charged by stream_charge(). */
void shares_take(struct share *s, enum shares_kind kind);
/* Any thread. */
void shares_give_back(struct share *s, enum shares_kind kind);
/* NULL: 0. */
size_t shares_held(const struct share *s, enum shares_kind kind);

/* Addresses in the table. */
size_t shares_count(const struct shares *t);

/* ---- who was limited: kept for the whole process; any thread ---- */

enum { SHARES_LIMITED_MAX = 64 }; /* past it, who was limited the longest ago is forgotten */

/* One more was refused to s, of what: a literal word.  False: its limits were lifted, so it is
 * admitted after all. */
MUST_USE bool shares_refuse(const struct share *s, const char *what);
/* From now on, and until the process ends, nothing is refused to the address, or its /64.  False:
 * that was said of SHARES_LIMITED_MAX others. */
bool shares_lift(const struct address *a);
/* Append who was refused something in the last ten minutes, and who was lifted, as
 * "192.0.2.1|connections|12|1764040866,...": the address, what, how often, and since when. */
void shares_write_limited(struct buffer *out);

#endif
