/* SPDX-License-Identifier: MIT */
/*
 * Tests of the resolver.
 */
#include "resolver.h"

#include <time.h>

#include "base/attr.h"
#include "peer.h"

struct answer {
    unsigned calls;
    char address[64], error[160];
};

static void
on_list(void *owner, const struct addrinfo *list, const char *error)
{
    struct answer *a = owner;

    a->calls++;
    if (list)
        assert_int_equal(getnameinfo(list->ai_addr, list->ai_addrlen, a->address,
                             sizeof(a->address), NULL, 0, NI_NUMERICHOST),
            0);
    snprintf(a->error, sizeof(a->error), "%s", error ? error : "");
}

static void
ask(struct loop *l, struct answer *a, const char *host)
{
    *a = (struct answer){ 0 };
    resolver_open(l, host, on_list, a);
    assert_int_equal(a->calls, 0);
    TURN_UNTIL(l, a->calls);
}

static void
names_and_addresses_are_resolved(void **state)
{
    struct loop *l = loop_new();
    struct answer a;

    (void)state;
    ask(l, &a, "192.0.2.7");
    assert_string_equal(a.address, "192.0.2.7");
    ask(l, &a, "2001:db8::7");
    assert_string_equal(a.address, "2001:db8::7");
    ask(l, &a, "localhost");
    assert_true(!strcmp(a.address, "127.0.0.1") || !strcmp(a.address, "::1"));
    assert_string_equal(a.error, "");
    loop_turn(l);
    loop_free(l);
}

static void
unknown_name_is_a_sentence(void **state)
{
    struct loop *l = loop_new();
    struct answer a;

    (void)state;
    ask(l, &a, "no.such.name.invalid");
    assert_string_equal(a.address, "");
    assert_memory_equal(a.error, "cannot resolve no.such.name.invalid: ", 37);
    loop_turn(l);
    loop_free(l);
}

#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A64 A50 "aaaaaaaaaaaaaa"

/* What libuv refuses to ask for, and what it would cut. */
static const char *const no_names[] = { "\xff\xfe", "\xed\xa0\x80", A50 A50 A50 A50 A50 A50,
    A50 A50 A50 A50 A50 "aaaaaa" };

static void
what_is_no_name_is_a_sentence_of_its_own(void **state)
{
    static const char *const sentences[] = {
        "cannot resolve \"\\xff\\xfe\": it is not a valid host name",
        "cannot resolve \"\\xed\\xa0\\x80\": it is not a valid host name",
        "cannot resolve " A64 "...: it is not a valid host name",
        "cannot resolve " A64 "...: it is not a valid host name",
    };
    struct loop *l = loop_new();
    struct answer a;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(no_names); i++) {
        ask(l, &a, no_names[i]);
        assert_int_equal(a.calls, 1);
        assert_string_equal(a.error, sentences[i]);
        ask(l, &a, "192.0.2.7");
        assert_string_equal(a.address, "192.0.2.7");
    }
    ask(l, &a, "");
    assert_non_null(strstr(a.error, "cannot resolve \"\": "));
    loop_turn(l);
    loop_free(l);
}

/* A sentence may become a line of something else. */
static void
control_characters_of_a_name_are_escaped(void **state)
{
    struct loop *l = loop_new();
    struct answer a;

    (void)state;
    ask(l, &a, "a\nMAINPID=1\x1b[2J");
    assert_non_null(strstr(a.error, "cannot resolve \"a\\x0aMAINPID=1\\x1b[2J\": "));
    loop_turn(l);
    loop_free(l);
}

static void
cancelled_resolver_is_silent(void **state)
{
    struct loop *l = loop_new();
    struct answer a = { 0 };

    (void)state;
    resolver_cancel(resolver_open(l, "192.0.2.7", on_list, &a));
    resolver_cancel(resolver_open(l, "localhost", on_list, &a));
    for (size_t i = 0; i < COUNT_OF(no_names); i++)
        resolver_cancel(resolver_open(l, no_names[i], on_list, &a));
    resolver_cancel(NULL);
    loop_stop(l);
    loop_run(l);
    assert_int_equal(a.calls, 0);
    loop_free(l);
}

/* Without sleeping, which takes longer than a look-up. */
static void
wait_ns(int64_t ns)
{
    struct timespec from, now;

    clock_gettime(CLOCK_MONOTONIC, &from);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - from.tv_sec) * 1000000000 + now.tv_nsec - from.tv_nsec < ns);
}

/* A look-up that a thread of libuv's pool has begun cannot be called back.  When it begins is not
 * to be seen, so there are many, each cancelled a little later. */
static void
a_loop_is_freed_once_its_look_ups_are_over(void **state)
{
    enum { LOOK_UPS = 300, STEP_NS = 500 };
    struct answer a = { 0 };

    (void)state;
    for (int i = 0; i < LOOK_UPS; i++) {
        struct loop *l = loop_new();
        struct resolver *r = resolver_open(l, "localhost", on_list, &a);

        wait_ns(i * STEP_NS);
        resolver_cancel(r);
        loop_free(l);
    }
    assert_int_equal(a.calls, 0);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_addresses_are_resolved),
        cmocka_unit_test(unknown_name_is_a_sentence),
        cmocka_unit_test(what_is_no_name_is_a_sentence_of_its_own),
        cmocka_unit_test(control_characters_of_a_name_are_escaped),
        cmocka_unit_test(cancelled_resolver_is_silent),
        cmocka_unit_test(a_loop_is_freed_once_its_look_ups_are_over),
    };

    alarm(60);
    return cmocka_run_group_tests_name("net/resolver", tests, NULL, NULL);
}
