/* SPDX-License-Identifier: MIT */
/*
 * tls_verify: what clients with this machine's authorities would say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tls_house.h"

#include "tls/tls_verify.h"

static enum tls_verify
verdict_of(const char *cert, const char *key)
{
    struct tls_context *c = server_context(cert, key);
    const char *reason;
    enum tls_verify verdict = tls_verify(c, &reason);

    assert_non_null(reason);
    tls_server_unref(c);
    return verdict;
}

static void
a_known_authority_is_good(void **state)
{
    (void)state;
    setenv("SSL_CERT_FILE", certs_path("ca.pem"), 1);
    assert_int_equal(verdict_of("server.pem", "server.key"), TLS_VERIFY_GOOD);
}

static void
an_unknown_one_may_be_a_missing_link(void **state)
{
    (void)state;
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    assert_int_equal(verdict_of("server.pem", "server.key"), TLS_VERIFY_INCOMPLETE);
}

static void
one_that_is_sent_along_signed_itself(void **state)
{
    (void)state;
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    assert_int_equal(verdict_of("full.pem", "server.key"), TLS_VERIFY_SELF_SIGNED);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_authority_is_good),
        cmocka_unit_test(an_unknown_one_may_be_a_missing_link),
        cmocka_unit_test(one_that_is_sent_along_signed_itself),
    };

    return cmocka_run_group_tests_name("tls/tls_verify", tests, certs_set_up, certs_tear_down);
}
