/* SPDX-License-Identifier: MIT */
/*
 * cross_checks: mistakes about TLS, origins and proxies, each with what would be right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "written.h"

#define HTTPS "{\"protocol\":\"https\",\"sslCertPath\":\"a\",\"sslKeyPath\":\"b\","

static void
error_holds(const char *json, const char *part)
{
    struct written w;

    assert_null(load(&w, json));
    if (!strstr(text(&w.errors), part))
        fail_msg("%s not in %s", part, text(&w.errors));
    discard(&w);
}

static void
warning_holds(const char *json, const char *part)
{
    struct written w;

    assert_non_null(load(&w, json));
    if (*part ? !strstr(text(&w.warnings), part) : w.warnings.len > 0)
        fail_msg("%s not in %s", part, text(&w.warnings));
    discard(&w);
}

static void
https_needs_a_pair_or_a_list(void **state)
{
    (void)state;
    error_holds("{\"protocol\":\"https\"}", "sslCertPath is not set");
    error_holds("{\"protocol\":\"https\",\"sslCertPath\":\"a\"}", "sslKeyPath is not set");
    warning_holds(
        "{\"protocol\":\"https\",\"certificates\":[{\"certPath\":\"a\",\"keyPath\":\"b\"}]}", "");
    error_holds(
        "{\"certificates\":[{\"certPath\":\"a\"}]}", "certificates[0] is not a certificate");
    error_holds("{\"certificates\":[{\"certPath\":\"a\",\"keyPath\":\"b\",\"hosts\":5}]}",
        "hosts, a string or a list");
    error_holds("{\"certificates\":{}}", "certificates is {}; expected a list like");
    warning_holds("{\"certificates\":[{\"certPath\":\"a\",\"keyPath\":\"b\",\"pass\":\"x\"}]}",
        "unknown option certificates[0].pass");
}

static void
a_memory_limit_in_megabytes_is_an_error(void **state)
{
    (void)state;
    error_holds("{\"memoryLimit\":512}", "memoryLimit is 512 bytes, too little");
    warning_holds("{\"memoryLimit\":0}", "");
    warning_holds("{\"memoryLimit\":1048576}", "");
}

static void
an_old_version_is_a_warning_with_the_effective_one(void **state)
{
    (void)state;
    warning_holds(
        HTTPS "\"minVersion\":\"TLSv1\"}", "minVersion is \"TLSv1\"; \"TLSv1.2\" is in effect");
    warning_holds(HTTPS "\"maxVersion\":\"TLSv1.1\"}", "maxVersion is \"TLSv1.1\"; \"TLSv1.2\"");
    warning_holds(HTTPS "\"minVersion\":\"TLSv1.3\"}", "");
    warning_holds(HTTPS "\"minVersion\":\"SSLv3\"}",
        "minVersion is \"SSLv3\"; taken as \"TLSv1.2\"; expected \"TLSv1\"");
    error_holds(HTTPS "\"minVersion\":\"TLSv1.3\",\"maxVersion\":\"TLSv1.2\"}", "allow neither");
    error_holds(HTTPS "\"secureOptions\":671088640}", "allow neither");
}

static void
flags_without_a_meaning_are_a_warning(void **state)
{
    (void)state;
    warning_holds(HTTPS "\"secureOptions\":67108864}", "");
    warning_holds(HTTPS "\"secureOptions\":2147485776}", ""); /* SSL_OP_ALL */
    warning_holds(HTTPS "\"secureOptions\":262144}", "262144; 0 is in effect");
}

static void
origins_and_proxies_are_checked(void **state)
{
    (void)state;
    warning_holds(
        "{\"allowedOrigins\":[\"https://a.test\",\"*.b.test\",\"null\",\"http://[::1]:*/\"]}", "");
    error_holds(
        "{\"allowedOrigins\":\"https://a.test/x\"}", "allowedOrigins has \"https://a.test/x\"");
    error_holds("{\"allowedOrigins\":[\"a b\"]}", "expected an origin like");
    warning_holds("{\"trustProxy\":true}", "");
    warning_holds("{\"trustProxy\":2}", "");
    warning_holds("{\"trustProxy\":[\"loopback\",\"10.0.0.0/8\"]}", "");
    error_holds(
        "{\"trustProxy\":\"nginx\"}", "trustProxy: \"nginx\" is not an address; expected true");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(https_needs_a_pair_or_a_list),
        cmocka_unit_test(a_memory_limit_in_megabytes_is_an_error),
        cmocka_unit_test(an_old_version_is_a_warning_with_the_effective_one),
        cmocka_unit_test(flags_without_a_meaning_are_a_warning),
        cmocka_unit_test(origins_and_proxies_are_checked),
    };

    return cmocka_run_group_tests_name("config/cross_checks", tests, NULL, NULL);
}
