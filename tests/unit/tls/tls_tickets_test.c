/* SPDX-License-Identifier: MIT */
/*
 * tls_tickets: for how long a ticket is good, of OpenSSL's own client.
 */
#include "tls/tls_tickets.h"

#include "visitor.h"

static void
tickets_are_good_for_one_renewal(int version)
{
    struct visitor v;
    struct house h;

    house_open(&h);
    visitor_init(&v, &h, version);
    receive(&h, &v);
    assert_false(v.resumed);
    for (int i = 0; i < 7; i++) { /* and the ticket that replaces it */
        tls_tickets_renew();
        receive(&h, &v);
        assert_false(v.failed);
        assert_true(v.resumed);
    }
    tls_tickets_renew();
    tls_tickets_renew();
    receive(&h, &v);
    assert_false(v.failed);
    assert_false(v.resumed);
    assert_string_equal(v.answer, "pong");
    receive(&h, &v);
    assert_true(v.resumed);
    visitor_fini(&v);
    house_close(&h);
}

static void
tickets_of_tls_1_3_are_good_for_one_renewal(void **state)
{
    (void)state;
    tickets_are_good_for_one_renewal(TLS1_3_VERSION);
}

static void
tickets_of_tls_1_2_are_good_for_one_renewal(void **state)
{
    (void)state;
    tickets_are_good_for_one_renewal(TLS1_2_VERSION);
}

/* With a new certificate, as after a reload, and on either side of a renewal. */
static void
another_context_takes_them(void **state)
{
    struct visitor v;
    struct house h;

    (void)state;
    house_open(&h);
    visitor_init(&v, &h, TLS1_3_VERSION);
    receive(&h, &v);
    tls_server_unref(h.tls);
    h.tls = server_context("other.pem", "other.key");
    tls_tickets_renew();
    receive(&h, &v);
    assert_true(v.resumed);
    visitor_fini(&v);
    house_close(&h);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(tickets_of_tls_1_3_are_good_for_one_renewal),
        cmocka_unit_test(tickets_of_tls_1_2_are_good_for_one_renewal),
        cmocka_unit_test(another_context_takes_them),
    };

    alarm(100);
    return cmocka_run_group_tests_name("tls/tls_tickets", tests, certs_set_up, certs_tear_down);
}
