/* SPDX-License-Identifier: MIT */
/*
 * stream_tls: a peer that keeps the encryption busy and says nothing, with OpenSSL's own client.
 * The source is included for what it counts.
 */
#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>

#include "stream_tls.c"

#include "tls_house.h"

/* Not blocking, so that both sides take turns on one thread. */
struct chatterer {
    SSL_CTX *ctx;
    SSL *ssl;
    int fd;
};

static void
chatterer_open(struct chatterer *c, struct house *h, int version)
{
    c->ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(c->ctx, version);
    SSL_CTX_set_max_proto_version(c->ctx, version);
    c->ssl = SSL_new(c->ctx);
    c->fd = dial(h->port);
    assert_int_equal(fcntl(c->fd, F_SETFL, O_NONBLOCK), 0);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_connect_state(c->ssl);
    TURN_UNTIL(h->l, SSL_do_handshake(c->ssl) == 1);
}

static void
chatterer_close(struct chatterer *c)
{
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
    close(c->fd);
}

/* So many in a row, as long as they can be sent. */
static void
update_keys(struct chatterer *c, unsigned times, int kind)
{
    while (times-- > 0)
        if (SSL_key_update(c->ssl, kind) != 1 || SSL_do_handshake(c->ssl) != 1)
            return;
}

static void
say(struct chatterer *c, struct house *h, const char *text)
{
    size_t before = h->server.got.len;

    assert_int_equal(SSL_write(c->ssl, text, (int)strlen(text)), strlen(text));
    TURN_UNTIL(h->l, h->server.got.len == before + strlen(text));
}

static void
key_updates_between_data_are_served(void **state)
{
    struct chatterer c;
    struct house h;

    (void)state;
    house_open(&h);
    chatterer_open(&c, &h, TLS1_3_VERSION);
    for (int i = 0; i < 100; i++) {
        update_keys(&c, 4, SSL_KEY_UPDATE_NOT_REQUESTED);
        say(&c, &h, "data");
    }
    for (int i = 0; i < 100; i++) {
        update_keys(&c, 4, SSL_KEY_UPDATE_REQUESTED);
        say(&c, &h, "data");
    }
    chatterer_close(&c);
    house_close(&h);
}

static void
key_updates_without_data_end(int kind)
{
    struct chatterer c;
    struct house h;

    house_open(&h);
    chatterer_open(&c, &h, TLS1_3_VERSION);
    say(&c, &h, "data");
    update_keys(&c, 1000, kind);
    TURN_UNTIL(h.l, h.server.ends);
    assert_int_equal(h.server.why, STREAM_END_FAILED);
    chatterer_close(&c);
    house_close(&h);
}

static void
key_updates_in_a_row_end(void **state)
{
    (void)state;
    key_updates_without_data_end(SSL_KEY_UPDATE_NOT_REQUESTED);
}

static void
key_updates_in_a_row_that_ask_for_ours_end(void **state)
{
    (void)state;
    key_updates_without_data_end(SSL_KEY_UPDATE_REQUESTED);
}

/* OpenSSL's client tries once; its server says no and goes on. */
static void
an_attempt_to_negotiate_anew_counts(void **state)
{
    const struct stream_tls *t;
    struct chatterer c;
    struct house h;

    (void)state;
    house_open(&h);
    chatterer_open(&c, &h, TLS1_2_VERSION);
    say(&c, &h, "data");
    t = stream_ops_state(h.server.s);
    assert_int_equal(t->chatter, 0);
    assert_int_equal(SSL_renegotiate(c.ssl), 1);
    assert_int_equal(SSL_do_handshake(c.ssl), -1);
    TURN_UNTIL(h.l, t->chatter > 0);
    assert_int_equal(h.server.ends, 0);
    chatterer_close(&c);
    house_close(&h);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_updates_between_data_are_served),
        cmocka_unit_test(key_updates_in_a_row_end),
        cmocka_unit_test(key_updates_in_a_row_that_ask_for_ours_end),
        cmocka_unit_test(an_attempt_to_negotiate_anew_counts),
    };

    signal(SIGPIPE, SIG_IGN);
    alarm(100);
    return cmocka_run_group_tests_name(
        "tls/stream_tls_chatter", tests, certs_set_up, certs_tear_down);
}
