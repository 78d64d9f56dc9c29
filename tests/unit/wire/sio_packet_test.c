/* SPDX-License-Identifier: MIT */
/*
 * sio_packet: the Socket.IO codec, by the examples of docs/protocol.md and its rules for what is
 * malformed.
 */
#include "wire/sio_packet.h"

#include "base/text.h"
#include "json/json_scan.h"

static enum sio_parse
verdict(struct str text)
{
    struct str copy = text_exact(text);
    struct sio_packet p;
    enum sio_parse result = sio_packet_decode(copy, &p);

    text_free(copy);
    return result;
}

static struct sio_packet
decode(const char *text)
{
    struct sio_packet p;

    if (sio_packet_decode(str_of(text), &p) != SIO_PARSE_OK)
        fail_msg("%s", text);
    return p;
}

static void
check_all(const char *const *texts, enum sio_parse wanted)
{
    for (; *texts; texts++)
        if (verdict(str_of(*texts)) != wanted)
            fail_msg("%s", *texts);
}

static void
parts_of_a_packet_are_told_apart(void **state)
{
    static const struct {
        const char *text;
        enum sio_type type;
        unsigned attachments;
        const char *nsp;
        int64_t ack;
        const char *payload;
    } rows[] = {
        { "0", SIO_CONNECT, 0, "/", SIO_NO_ACK, "" },
        { "0{\"token\":\"x\"}", SIO_CONNECT, 0, "/", SIO_NO_ACK, "{\"token\":\"x\"}" },
        { "0/adm,", SIO_CONNECT, 0, "/adm", SIO_NO_ACK, "" },
        { "0/foo", SIO_CONNECT, 0, "/foo", SIO_NO_ACK, "" },
        { "0/adm?token=1,", SIO_CONNECT, 0, "/adm?token=1", SIO_NO_ACK, "" },
        { "0/adm,{\"token\":1}", SIO_CONNECT, 0, "/adm", SIO_NO_ACK, "{\"token\":1}" },
        { "1", SIO_DISCONNECT, 0, "/", SIO_NO_ACK, "" },
        { "1/adm,", SIO_DISCONNECT, 0, "/adm", SIO_NO_ACK, "" },
        { "2[\"name\",1, {\"a\":[]} ]", SIO_EVENT, 0, "/", SIO_NO_ACK,
            "[\"name\",1, {\"a\":[]} ]" },
        { "212[\"foo\"]", SIO_EVENT, 0, "/", 12, "[\"foo\"]" },
        { "20[\"foo\"]", SIO_EVENT, 0, "/", 0, "[\"foo\"]" },
        { "2/adm,456[\"x\"]", SIO_EVENT, 0, "/adm", 456, "[\"x\"]" },
        { "3456[1,2]", SIO_ACK, 0, "/", 456, "[1,2]" },
        { "37[]", SIO_ACK, 0, "/", 7, "[]" },
        { "3[]", SIO_ACK, 0, "/", SIO_NO_ACK, "[]" },
        { "4/foo,\"Invalid namespace\"", SIO_CONNECT_ERROR, 0, "/foo", SIO_NO_ACK,
            "\"Invalid namespace\"" },
        { "51-[\"x\",{\"_placeholder\":true,\"num\":0}]", SIO_BINARY_EVENT, 1, "/", SIO_NO_ACK,
            "[\"x\",{\"_placeholder\":true,\"num\":0}]" },
        { "510-/adm,9[\"x\"]", SIO_BINARY_EVENT, 10, "/adm", 9, "[\"x\"]" },
        { "61-3[{\"_placeholder\":true,\"num\":0}]", SIO_BINARY_ACK, 1, "/", 3,
            "[{\"_placeholder\":true,\"num\":0}]" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sio_packet p = decode(rows[i].text);
        assert_int_equal(p.type, rows[i].type);
        assert_int_equal(p.attachments, rows[i].attachments);
        assert_str(p.nsp, rows[i].nsp);
        assert_true(p.ack == rows[i].ack);
        assert_str(p.payload, rows[i].payload);
    }
}

static void
unknown_type_is_not_merely_bad(void **state)
{
    static const char *const texts[] = { "7", "abc", "9[\"x\"]", " 2[\"x\"]", "-", NULL };

    (void)state;
    check_all(texts, SIO_PARSE_UNKNOWN);
    assert_int_equal(verdict(STR_LIT("")), SIO_PARSE_BAD);
}

static void
malformed_packets_are_bad(void **state)
{
    static const char *const texts[] = { "2{}", "2[]", "2[\"a\"", "2abc[\"x\"]", "2\"x\"", "2null",
        "2[null,\"x\"]", "2[{}]", "2[true]", "2[[\"x\"]]", "2true", "1{}", "1[]", "0[]", "0null",
        "0\"x\"", "3", "31", "3{}", "3\"x\"", "4{", "2[\"a\"]x", "2[\"a\",]", "2-[\"a\"]",
        "21-[\"a\"]", "2[\"\xff\"]", "21234567890123456[\"x\"]", "2,[\"x\"]", "2-1[\"x\"]", NULL };

    (void)state;
    check_all(texts, SIO_PARSE_BAD);
}

static void
events_that_the_references_ignore_have_no_payload(void **state)
{
    static const char *const texts[] = { "2", "2[1]", "2[-1.5,\"x\"]", "25", "2/adm," };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct sio_packet p = decode(texts[i]);
        assert_int_equal(p.payload.len, 0);
        assert_int_equal(p.name.len, 0);
        assert_int_equal(p.argument.len, 0);
    }
}

static void
binary_packets_have_one_to_ten_attachments(void **state)
{
    static const char *const bad[] = { "5[\"x\"]", "50-[\"x\"]", "511-[\"x\"]", "5-[\"x\"]", "51",
        "51[\"x\"]", "51-", "51-[]", "51-{}", "6[1]", "61-", "599999999999999999999-[\"x\"]",
        "5+1-[\"x\"]", NULL };
    static const char *const good[] = { "51-[\"x\"]", "510-[\"x\"]", "61-[]", "61-1[]", NULL };

    (void)state;
    check_all(bad, SIO_PARSE_BAD);
    check_all(good, SIO_PARSE_OK);
}

static void
placeholders_name_an_attachment(void **state)
{
    static const char *const bad[] = { "51-[\"x\",{\"_placeholder\":true,\"num\":1}]",
        "51-[\"x\",{\"_placeholder\":true}]", "51-[\"x\",{\"_placeholder\":true,\"num\":-1}]",
        "51-[\"x\",{\"_placeholder\":true,\"num\":\"0\"}]",
        "51-[\"x\",{\"_placeholder\":true,\"num\":0.5}]",
        "51-[\"x\",{\"num\":0,\"_placeholder\":true,\"num\":[0]}]",
        "51-[\"x\",{\"a\":[{},{\"num\":9, \"_placeholder\" : true }]}]",
        "52-[\"x\",{\"_placeholder\":true,\"num\":2}]", "61-[{\"_placeholder\":true,\"num\":1}]",
        "51-[\"x\",{\"\\u005fplaceholder\":true,\"num\":1}]", NULL };
    static const char *const good[] = { "52-[\"x\",{\"_placeholder\":true,\"num\":1}]",
        "51-[\"x\",{ \"num\" : 0 , \"_placeholder\" : true , \"more\" : {} } , 1 ]",
        "51-[\"x\",{\"_placeholder\":false,\"num\":1}]", "51-[\"x\",{\"_placeholder\":1}]",
        "51-[\"x\",{\"_placeholder\":true,\"_placeholder\":null}]",
        "51-[\"x\",[\"_placeholder\",true],{\"num\":7,\"b\":[{\"num\":8}]}]",
        "51-[\"x\",{\"_placeholder\":true,\"num\":5,\"num\":0}]", "51-[1]", NULL };

    (void)state;
    check_all(bad, SIO_PARSE_BAD);
    check_all(good, SIO_PARSE_OK);
}

static void
deep_payloads_are_bad_and_cheap(void **state)
{
    struct buffer text = { 0 };

    (void)state;
    buffer_append_text(&text, "51-[\"x\",");
    for (int i = 1; i < JSON_SCAN_DEPTH_MAX; i++)
        buffer_append_text(&text, "{\"a\":");
    for (int i = 0; i < 500000; i++)
        buffer_append_text(&text, i ? ",1" : "[1");
    for (int i = 0; i < JSON_SCAN_DEPTH_MAX; i++)
        buffer_append_char(&text, i ? '}' : ']');
    buffer_append_char(&text, ']');
    assert_int_equal(verdict(buffer_str(&text)), SIO_PARSE_BAD);
    buffer_fini(&text);
}

static void
an_argument_follows_the_name(void **state)
{
    struct sio_packet p = decode("2[\"client event\", {\"channel\":\"x\"} ,null,\"b\"]");

    (void)state;
    assert_str(p.name, "\"client event\"");
    assert_str(p.argument, "{\"channel\":\"x\"}");
    p = decode("2[\"subscribe\"]");
    assert_int_equal(p.argument.len, 0);
}

static void
events_are_encoded_with_their_engine_type(void **state)
{
    struct buffer out = { 0 };

    (void)state;
    sio_packet_event(STR_LIT("App\\Events\\X"), STR_LIT("chan-é"), STR_LIT("{\"a\":1.0}"), &out);
    assert_str(buffer_str(&out), "42[\"App\\\\Events\\\\X\",\"chan-é\",{\"a\":1.0}]");
    buffer_clear(&out);
    sio_packet_event(STR_LIT("e"), STR_LIT("c"), (struct str){ NULL, 0 }, &out);
    assert_str(buffer_str(&out), "42[\"e\",\"c\"]");
    buffer_clear(&out);
    sio_packet_event(STR_LIT("subscription_error"), STR_LIT("private-x"), STR_LIT("403"), &out);
    assert_str(buffer_str(&out), "42[\"subscription_error\",\"private-x\",403]");
    buffer_fini(&out);
}

static void
acks_are_encoded_with_their_id(void **state)
{
    struct buffer out = { 0 };

    (void)state;
    sio_packet_ack(456, STR_LIT("1,\"b\""), &out);
    assert_str(buffer_str(&out), "43456[1,\"b\"]");
    buffer_clear(&out);
    sio_packet_ack(0, STR_LIT(""), &out);
    assert_str(buffer_str(&out), "430[]");
    buffer_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_a_packet_are_told_apart),
        cmocka_unit_test(unknown_type_is_not_merely_bad),
        cmocka_unit_test(malformed_packets_are_bad),
        cmocka_unit_test(events_that_the_references_ignore_have_no_payload),
        cmocka_unit_test(binary_packets_have_one_to_ten_attachments),
        cmocka_unit_test(placeholders_name_an_attachment),
        cmocka_unit_test(deep_payloads_are_bad_and_cheap),
        cmocka_unit_test(an_argument_follows_the_name),
        cmocka_unit_test(events_are_encoded_with_their_engine_type),
        cmocka_unit_test(acks_are_encoded_with_their_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
