/* SPDX-License-Identifier: MIT */
/*
 * pmd_offer: which offers of permessage-deflate are accepted (RFC 7692, section 7.1).
 */
#include "wire/pmd_offer.h"

#include "base/text.h"

static void
real_clients_offers_are_accepted(void **state)
{
    static const char *const offers[] = { "permessage-deflate; client_max_window_bits",
        "permessage-deflate", "Permessage-Deflate ;client_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; client_max_window_bits=8",
        "permessage-deflate; client_max_window_bits=\"15\"",
        "permessage-deflate; server_max_window_bits=15",
        "permessage-deflate; server_max_window_bits = \"15\" ; client_max_window_bits" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(offers); i++)
        if (!pmd_offer_accept(str_of(offers[i])))
            fail_msg("%s", offers[i]);
}

static void
offers_beyond_us_or_the_rfc_are_declined(void **state)
{
    static const char *const offers[] = { "", ",", "x-webkit-deflate-frame", "permessage-deflat",
        "permessage-deflate2", "permessage-deflate; server_max_window_bits=14",
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits", "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=09",
        "permessage-deflate; client_max_window_bits=x",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; server_no_context_takeover=1", "permessage-deflate; unknown",
        "permessage-deflate; unknown=1", "permessage-deflate; ; client_max_window_bits" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(offers); i++)
        if (pmd_offer_accept(str_of(offers[i])))
            fail_msg("%s", offers[i]);
    assert_false(pmd_offer_accept((struct str){ NULL, 0 }));
}

static void
one_acceptable_offer_of_many_is_enough(void **state)
{
    (void)state;
    assert_true(pmd_offer_accept(
        STR_LIT("x, permessage-deflate; server_max_window_bits=10 ,permessage-deflate")));
    assert_false(pmd_offer_accept(STR_LIT("permessage-deflate; server_max_window_bits=10, x")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_clients_offers_are_accepted),
        cmocka_unit_test(offers_beyond_us_or_the_rfc_are_declined),
        cmocka_unit_test(one_acceptable_offer_of_many_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
