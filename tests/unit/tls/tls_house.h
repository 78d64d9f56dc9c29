/* SPDX-License-Identifier: MIT */
/*
 * tls_house: a TLS listener with the certificates of certs.h, and clients of the connector.
 */
#ifndef TEST_TLS_TLS_HOUSE_H
#define TEST_TLS_TLS_HOUSE_H

#include "certs.h"
#include "net/peer.h"
#include "tls/tls_client.h"
#include "tls/tls_server.h"

struct house {
    struct loop *l;
    struct listener *n;
    struct tls_context *tls;
    unsigned port;
    struct peer server; /* the stream accepted last */
    unsigned accepted, closes;
    bool echo;
};

static UNUSED void
house_on_accept(void *owner, struct stream *s)
{
    struct house *h = owner;

    tls_server_accept(h->tls, s);
    peer_attach(&h->server, s);
    h->server.echo = h->echo;
    h->accepted++;
}

static UNUSED void
house_on_close(void *owner)
{
    struct house *h = owner;

    h->closes++;
}

static const struct listener_handlers house_handlers UNUSED = { house_on_accept, house_on_close };

static struct tls_context *
server_context(const char *cert, const char *key)
{
    const struct tls_pair pair = { .cert_path = certs_path(cert), .key_path = certs_path(key) };
    const struct tls_server_options o = { .pairs = &pair, .pair_count = 1 };
    struct tls_fault f = { 0 };
    struct tls_context *c = tls_server_new(&o, &f);

    assert_non_null(c);
    return c;
}

static UNUSED void
house_open(struct house *h)
{
    int fd;

    *h = (struct house){ .l = loop_new(), .tls = server_context("server.pem", "server.key") };
    fd = listen_any("127.0.0.1", &h->port);
    h->n = listener_open(h->l, fd, &house_handlers, h);
    assert_non_null(h->n);
}

static UNUSED void
house_close(struct house *h)
{
    peer_fini(h->l, &h->server);
    listener_close(h->n);
    TURN_UNTIL(h->l, h->closes);
    tls_server_unref(h->tls);
    loop_free(h->l);
}

/* Connect to the house, trusting ca (NULL: anybody), expecting name. */
static UNUSED void
call_house(struct house *h, struct call *c, const char *ca, const char *name)
{
    struct buffer error = { 0 };
    struct connector_secure *tls = tls_client_new(ca != NULL, ca ? certs_path(ca) : NULL, &error);
    struct connector_target target = { .host = "127.0.0.1",
        .port = h->port,
        .secure = tls,
        .server_name = name,
        .timeout_ms = 20000 };

    assert_non_null(tls);
    *c = (struct call){ 0 };
    connector_open(h->l, &target, call_on_done, c);
    assert_int_equal(c->calls, 0);
    connector_secure_unref(tls);
    TURN_UNTIL(h->l, c->calls);
}

#endif
