/* SPDX-License-Identifier: MIT */
/*
 * Tests of encrypted streams that change loops.
 */
#include <openssl/ssl.h>

#include "net/sea.h"
#include "tls_house.h"

static void
secure(void *context, struct stream *s)
{
    tls_server_accept(context, s);
}

/* Each letter is a record; several are in one packet, so that a move leaves some behind it. */
static void
tls_state_and_unread_records_move_too(void **state)
{
    struct tls_context *tls = server_context("server.pem", "server.key");
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    struct sea sea;
    pthread_t threads[2];
    char in;
    int fd;

    (void)state;
    sea_open(&sea, secure, tls, threads);
    fd = dial(sea.port);
    SSL_set_fd(ssl, fd);
    assert_int_equal(SSL_connect(ssl), 1);
    for (int i = 0; i < ROUNDS; i++) {
        BIO *out = SSL_get_wbio(ssl), *batch = BIO_new(BIO_s_mem());
        char *records;
        long len;

        BIO_up_ref(out);
        SSL_set0_wbio(ssl, batch);
        SSL_write(ssl, "m", 1);
        SSL_write(ssl, "A", 1);
        SSL_write(ssl, "B", 1);
        len = BIO_get_mem_data(batch, &records);
        assert_int_equal(write(fd, records, (size_t)len), len);
        SSL_set0_wbio(ssl, out);
        assert_int_equal(SSL_read(ssl, &in, 1), 1);
        assert_int_equal(in, 'A');
        assert_int_equal(SSL_read(ssl, &in, 1), 1);
        assert_int_equal(in, 'B');
    }
    assert_int_equal(SSL_write(ssl, "q", 1), 1);
    assert_true(SSL_read(ssl, &in, 1) <= 0);
    assert_int_equal(SSL_get_shutdown(ssl), SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    sea_close(&sea, threads);
    assert_int_equal(sea.shores[0].landings + sea.shores[1].landings, ROUNDS);
    tls_server_unref(tls);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_state_and_unread_records_move_too),
    };

    alarm(60);
    return cmocka_run_group_tests_name("tls/stream_tls_move", tests, certs_set_up, certs_tear_down);
}
