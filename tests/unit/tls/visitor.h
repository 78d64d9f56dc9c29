/* SPDX-License-Identifier: MIT */
/*
 * visitor: OpenSSL's own client, who comes to the house of tls_house.h.
 */
#ifndef TEST_TLS_VISITOR_H
#define TEST_TLS_VISITOR_H

#include <openssl/ssl.h>
#include <pthread.h>

#include "tls_house.h"

/* Blocking, on a thread. */
struct visitor {
    unsigned port;
    SSL_CTX *ctx;
    SSL_SESSION *session;  /* of the last visit */
    const char *protocols; /* for ALPN, NULL: none */
    char alpn[16];
    char answer[16];
    bool resumed, failed, goodbye;
};

static void *
visit(void *arg)
{
    struct visitor *v = arg;
    SSL *ssl = SSL_new(v->ctx);
    int fd = dial(v->port);
    const unsigned char *chosen;
    unsigned len;

    SSL_set_fd(ssl, fd);
    if (v->protocols)
        SSL_set_alpn_protos(
            ssl, (const unsigned char *)v->protocols, (unsigned)strlen(v->protocols));
    if (v->session)
        SSL_set_session(ssl, v->session);
    SSL_SESSION_free(v->session);
    v->failed = SSL_connect(ssl) != 1;
    if (!v->failed) {
        SSL_write(ssl, "ping", 4);
        SSL_read(ssl, v->answer, sizeof(v->answer) - 1);
        v->goodbye =
            SSL_read(ssl, v->alpn, 1) <= 0 && SSL_get_shutdown(ssl) == SSL_RECEIVED_SHUTDOWN;
        v->resumed = SSL_session_reused(ssl);
        SSL_get0_alpn_selected(ssl, &chosen, &len);
        if (chosen)
            memcpy(v->alpn, chosen, len);
    }
    v->session = SSL_get1_session(ssl);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(fd);
    return NULL;
}

static void
receive(struct house *h, struct visitor *v)
{
    unsigned before = h->accepted;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, visit, v), 0);
    TURN_UNTIL(h->l, h->accepted > before && (h->server.got.len == 4 || h->server.ends));
    if (h->server.s) {
        peer_say(&h->server, "pong");
        stream_finish(h->server.s);
    }
    TURN_UNTIL(h->l, h->server.ends);
    buffer_fini(&h->server.got);
    pthread_join(thread, NULL);
}

static void
visitor_init(struct visitor *v, struct house *h, int version)
{
    *v = (struct visitor){ .port = h->port, .ctx = SSL_CTX_new(TLS_client_method()) };
    SSL_CTX_set_min_proto_version(v->ctx, version);
    SSL_CTX_set_max_proto_version(v->ctx, version);
    SSL_CTX_set_security_level(v->ctx, 0);
}

static void
visitor_fini(struct visitor *v)
{
    SSL_SESSION_free(v->session);
    SSL_CTX_free(v->ctx);
}

#endif
