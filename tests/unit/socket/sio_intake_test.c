/* SPDX-License-Identifier: MIT */
/*
 * sio_intake: binary events, and every malformed packet, in both versions.
 */
#include "sio_priv.h"

#include "scene.h"

static void
a_binary_event_comes_when_its_attachments_are_there(void **state)
{
    (void)state;
    connect_version(4);
    says("52-[\"x\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]");
    says_binary(3);
    assert_int_equal(owner.events, 0);
    says_binary(4);
    assert_int_equal(owner.events, 1);
    assert_string_equal(owner.argument, "{\"_placeholder\":true,\"num\":0}");
    says("2[\"y\"]");
    assert_int_equal(owner.events, 2);
    assert_false(session.closed);
}

static void
attachments_are_bounded(void **state)
{
    (void)state;
    connect_version(4);
    says("52-[\"x\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]");
    says_binary(600);
    says_binary(600);
    assert_true(session.closed);
    assert_int_equal(session.why, EIO_END_TOO_LARGE);
    assert_int_equal(owner.events, 0);
}

static void
nothing_is_heeded_behind_a_close(void **state)
{
    (void)state;
    connect_version(4);
    says("2{}");
    assert_true(session.closed);
    assert_int_equal(owner.disconnects, 1);
    says("2[\"x\"]");
    says("0");
    says_binary(1);
    assert_int_equal(owner.events, 0);
    assert_int_equal(owner.connects, 1);
    session_end();
    assert_int_equal(owner.disconnects, 1);
}

/* ---- the table of malformed packets ---- */

enum effect { IGNORED, CLOSES };

struct row {
    const char *packets[3]; /* the last one has the effect; "B" is a binary message */
    enum effect version_3, version_4;
};

static const struct row table[] = {
    { { "" }, CLOSES, CLOSES },
    { { "7" }, IGNORED, CLOSES },
    { { "abc" }, IGNORED, CLOSES },
    { { "2{}" }, CLOSES, CLOSES },
    { { "2[]" }, CLOSES, CLOSES },
    { { "2[\"a\"" }, CLOSES, CLOSES },
    { { "2abc[\"x\"]" }, CLOSES, CLOSES },
    { { "1{}" }, CLOSES, CLOSES },
    { { "2" }, IGNORED, IGNORED },
    { { "2[1]" }, IGNORED, IGNORED },
    { { "2[\"connect\"]" }, CLOSES, CLOSES },
    { { "2[\"disconnect\"]" }, CLOSES, CLOSES },
    { { "2[\"connect_error\"]" }, CLOSES, CLOSES },
    { { "2[\"disconnecting\"]" }, CLOSES, CLOSES },
    { { "2[\"newListener\"]" }, CLOSES, CLOSES },
    { { "2[\"removeListener\"]" }, CLOSES, CLOSES },
    { { "2[\"dis\\u0063onnect\"]" }, CLOSES, CLOSES },
    { { "2/foo,[\"x\"]" }, CLOSES, CLOSES },
    { { "1/foo," }, CLOSES, CLOSES },
    { { "0" }, IGNORED, CLOSES },
    { { "0[]" }, IGNORED, CLOSES },
    { { "0null" }, IGNORED, CLOSES },
    { { "0\"x\"" }, CLOSES, CLOSES },
    { { "1", "2[\"x\"]" }, CLOSES, CLOSES },
    { { "1", "1" }, CLOSES, CLOSES },
    { { "4" }, CLOSES, CLOSES },
    { { "4\"x\"" }, CLOSES, CLOSES },
    { { "37[]" }, IGNORED, IGNORED },
    { { "3[]" }, IGNORED, IGNORED },
    { { "B" }, CLOSES, CLOSES },
    { { "51-[\"x\",{\"_placeholder\":true,\"num\":0}]", "2[\"y\"]" }, CLOSES, CLOSES },
    { { "50-[\"x\"]" }, CLOSES, CLOSES },
    { { "511-[\"x\"]" }, CLOSES, CLOSES },
    { { "51-[\"x\",{\"_placeholder\":true,\"num\":0}]", "B", "B" }, CLOSES, CLOSES },
    { { "61-7[{\"_placeholder\":true,\"num\":0}]", "B" }, IGNORED, IGNORED },
};

static void
play(const struct row *row, unsigned version, enum effect effect)
{
    owner = (struct owner){ 0 };
    connect_version(version);
    for (size_t i = 0; i < COUNT_OF(row->packets) && row->packets[i]; i++) {
        assert_false(session.closed);
        if (str_is(str_of(row->packets[i]), "B"))
            says_binary(2);
        else
            says(row->packets[i]);
    }
    if (session.closed != (effect == CLOSES))
        fail_msg("version %u: \"%s\" %s", version, row->packets[0],
            session.closed ? "closed" : "did not close");
    assert_string_equal(session.sent, "");
    if (effect == CLOSES)
        assert_int_equal(session.why, EIO_END_PARSE);
    session_end();
    assert_int_equal(owner.disconnects, owner.connects);
}

static void
malformed_packets_do_what_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        play(&table[i], 3, table[i].version_3);
        play(&table[i], 4, table[i].version_4);
    }
}

static void
version_4_closes_on_anything_before_the_connect(void **state)
{
    static const char *const packets[] = { "2[\"x\"]", "1", "3[]", "2", "4" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(packets); i++) {
        session_begin(4);
        says(packets[i]);
        assert_true(session.closed);
        session_end();
    }
    assert_int_equal(owner.connects, 0);
    assert_int_equal(owner.disconnects, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_binary_event_comes_when_its_attachments_are_there),
        TEST(attachments_are_bounded),
        TEST(nothing_is_heeded_behind_a_close),
        TEST(malformed_packets_do_what_the_table_says),
        TEST(version_4_closes_on_anything_before_the_connect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
