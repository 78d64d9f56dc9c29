/* SPDX-License-Identifier: MIT */
/*
 * certificates: the TLS context in use, from the files that the configuration names; taken up anew
 * when they change.  The main thread only; it reads files.
 *
 * A new set that cannot be used is refused, said once, and looked at again when its files change.
 */
#ifndef SERVER_CERTIFICATES_H
#define SERVER_CERTIFICATES_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buffer.h"

struct certificates;
struct config;
struct loop;
struct tls_context;

/* Before its end a certificate is warned about. */
enum { CERTIFICATES_WARNING_DAYS = 14 };

/* on_renewed: tls is what connections are accepted with from now on; take a reference. */
struct certificates *certificates_open(
    struct loop *l, void (*on_renewed)(void *owner, struct tls_context *tls), void *owner);
void certificates_close(struct certificates *s);

/* What was read, and not yet taken into use.  All zero is none. */
struct certificates_draft {
    struct tls_context *tls; /* NULL: the protocol is http */
    struct buffer mark;      /* of the files */
};

/* False: *error is one sentence that names the option and the file. */
MUST_USE bool certificates_read(
    const struct config *c, struct certificates_draft *d, struct buffer *error);
/* c's files are looked at every second from now on, and c must live as long; d is emptied.  Calls
 * on_renewed. */
void certificates_use(struct certificates *s, const struct config *c, struct certificates_draft *d);
void certificates_drop(struct certificates_draft *d);

/* NULL: none. */
struct tls_context *certificates_context(const struct certificates *s);

#endif
