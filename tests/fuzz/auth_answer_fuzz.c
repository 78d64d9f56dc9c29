/* SPDX-License-Identifier: MIT */
/*
 * auth_answer_fuzz: any bytes as what the application sends when it is asked about a presence
 * channel, on each connection that is made.  The first byte says how they are cut and how the
 * connection ends.  One verdict comes, whatever the bytes; and what admits a member is an answer of
 * 200 that is no page, and names a user.
 */
#include "base/buffer.h"
#include "channels/auth.h"
#include "channels/auth_target.h"
#include "fake_application.h"
#include "fake_time.h"
#include "fuzz.h"
#include "member.h"
#include "json/json_scan.h"

enum {
    ANSWER_MAX = 4096,
    TIMEOUT_MS = 1000,
    RETRY_MS = 3000,
    STEP_MS = 50,
    STEPS_MAX = 400, /* RETRY_MS, TIMEOUT_MS and AUTH_HOLD_MS are over by then */
    REFUSES = 0x80,
    STAYS_OPEN = 0x40,
};

#define SOCKET_ID "1234.5678"

struct outcome {
    unsigned verdicts;
    struct auth_ask *ask;
};

static void
check_member(struct str body)
{
    struct member m = { 0 };
    enum member_parse parse = member_read(body, STR_LIT(SOCKET_ID), &m);
    struct str object;

    ENSURE((parse == MEMBER_BAD) == (m.fault != NULL));
    ENSURE((parse == MEMBER_OK) == (m.data.len > 0));
    if (parse == MEMBER_OK) {
        ENSURE(json_scan_whole(buffer_str(&m.data), &object));
        ENSURE(json_scan_kind(object) == JSON_OBJECT);
        ENSURE(json_scan_string_is(json_scan_get(object, "socketId"), SOCKET_ID));
        ENSURE(str_ends(object, "\"socketId\":\"" SOCKET_ID "\"}"));
    }
    member_fini(&m);
}

static void
on_verdict(void *owner, const struct auth_verdict *v)
{
    struct outcome *o = owner;
    struct str text = str_trim(v->body);

    o->verdicts++;
    o->ask = NULL;
    ENSURE((v->status == 0) == (v->cause != NULL));
    ENSURE(v->body.len <= ANSWER_MAX);
    ENSURE(v->status == 0 || (v->status >= 100 && v->status <= 999));
    if (v->status != 200)
        return;
    ENSURE(text.len == 0 || text.data[0] != '<');
    check_member(v->body);
}

/* The answer on the connections that are open, in pieces of so many bytes. */
static void
answer(struct loop *l, struct str bytes, size_t step, bool stays_open)
{
    char question[1024];
    size_t asked;

    for (size_t i = 0; i < fake_connection_count;) {
        bool open = fake_application_read(i, question, sizeof(question), &asked);

        for (size_t at = 0; open && asked > 0 && at < bytes.len; at += step) {
            size_t n = bytes.len - at < step ? bytes.len - at : step;

            open = send(fake_connections[i], bytes.data + at, n, MSG_NOSIGNAL) == (ssize_t)n;
            loop_turn(l);
        }
        if (open && stays_open)
            i++;
        else
            fake_application_close(i);
    }
}

/* In auth_target_choose() the Referer picks one; the connection is the same for all. */
static struct auth_target *
target_new(void)
{
    static const char *const hosts[] = { "http://127.0.0.1:80" };
    const struct auth_options o = {
        .hosts = hosts, .host_count = COUNT_OF(hosts), .endpoint = "/broadcasting/auth"
    };
    struct buffer error = { 0 };
    struct auth_target *t = auth_target_new(&o, &error);

    ENSURE(t);
    return t;
}

static void
ask(struct loop *l, struct auth *a, struct str bytes, uint8_t how)
{
    struct outcome o = { 0 };
    struct auth_line line;
    struct auth_question q = { .line = &line, .channel = STR_LIT("presence-room") };
    size_t step = (how & 0x3f) == 0x3f ? bytes.len + 1 : 1u + (how & 0x3f) * 8;

    auth_line_init(&line);
    ENSURE(auth_begin(a, &q, on_verdict, &o, &o.ask) == AUTH_OK);
    for (int i = 0; i < STEPS_MAX && o.verdicts == 0; i++) {
        fake_time_pass(l, STEP_MS);
        fake_application_accept(how & REFUSES);
        answer(l, bytes, step, how & STAYS_OPEN);
    }
    ENSURE(o.verdicts == 1 && !o.ask);
    auth_line_fini(a, &line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct auth_limits limits = { .in_flight = 2,
        .timeout_ms = TIMEOUT_MS,
        .retry_ms = RETRY_MS,
        .headers = 32,
        .header_bytes = 16384,
        .answer_bytes = ANSWER_MAX };
    struct auth_target *target;
    struct loop *l;
    struct auth *a;

    if (size == 0)
        return 0;
    fake_time_begin();
    l = loop_new();
    target = target_new();
    a = auth_open(l, target, &limits);
    ask(l, a, str_slice((const char *)data + 1, size - 1), data[0]);
    check_member(str_slice((const char *)data + 1, size - 1));
    auth_close(a);
    while (fake_connection_count > 0)
        fake_application_close(0);
    loop_stop(l);
    loop_run(l);
    loop_free(l);
    auth_target_free(target);
    fake_time_end();
    return 0;
}
