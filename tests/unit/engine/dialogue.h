/* SPDX-License-Identifier: MIT */
/*
 * dialogue: clients of the stage that say and hear bytes.  One thread: a client that waits turns
 * the loop.
 */
#ifndef TESTS_ENGINE_DIALOGUE_H
#define TESTS_ENGINE_DIALOGUE_H

#include "base/clock.h"
#include "stage.h"

enum { PATIENCE_MS = 5000 };

struct client {
    struct server *server;
    int fd;
    struct buffer in;
};

static inline void
turn(struct server *v)
{
    loop_turn(v->loop);
    usleep(500);
}

static inline void
turn_for(struct server *v, uint64_t ms)
{
    for (uint64_t end = clock_ms() + ms; clock_ms() < end;)
        turn(v);
}

static inline struct client
dial(struct server *v)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(v->port) };
    struct client c = { .server = v, .fd = socket(AF_INET, SOCK_STREAM, 0) };

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(c.fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(fcntl(c.fd, F_SETFL, O_NONBLOCK), 0);
    return c;
}

static inline void
hang_up(struct client *c)
{
    close(c->fd);
    buffer_fini(&c->in);
}

static inline void
say_bytes(struct client *c, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL);
        if (n < 0) {
            assert_int_equal(errno, EAGAIN);
            turn(c->server);
            continue;
        }
        data += n;
        len -= (size_t)n;
    }
}

static inline void
say(struct client *c, const char *text)
{
    say_bytes(c, text, strlen(text));
}

/* True when the server has closed its side. */
static inline bool
listen_once(struct client *c)
{
    turn(c->server);
    ssize_t n = recv(c->fd, buffer_reserve(&c->in, 65536), 65536, 0);
    if (n > 0)
        c->in.len += (size_t)n;
    return n == 0 || (n < 0 && errno != EAGAIN);
}

static inline void
hear_at_least(struct client *c, size_t len)
{
    for (uint64_t end = clock_ms() + PATIENCE_MS; c->in.len < len;) {
        assert_true(clock_ms() < end);
        if (listen_once(c) && c->in.len < len)
            fail_msg("closed early, after: %.*s", (int)c->in.len, c->in.data);
    }
}

static inline void
hear_bytes(struct client *c, const char *expected, size_t len)
{
    hear_at_least(c, len);
    assert_memory_equal(c->in.data, expected, len);
    buffer_consume(&c->in, len);
}

#define HEAR(client, literal) hear_bytes(client, literal, sizeof(literal) - 1)

static inline void
hear_end(struct client *c)
{
    for (uint64_t end = clock_ms() + PATIENCE_MS; !listen_once(c);)
        assert_true(clock_ms() < end);
    assert_int_equal(c->in.len, 0);
}

static inline void
hear_nothing(struct client *c, uint64_t ms)
{
    for (uint64_t end = clock_ms() + ms; clock_ms() < end;)
        assert_false(listen_once(c));
    assert_int_equal(c->in.len, 0);
}

/* An answer's head and body; NUL-terminated; freed by answer_fini(). */
struct answer {
    unsigned status;
    char *head;
    char *body;
    size_t body_len;
};

static inline void
answer_fini(struct answer *a)
{
    free(a->head);
    free(a->body);
}

static inline size_t
head_end(const struct buffer *in)
{
    const char *end = in->len > 0 ? memmem(in->data, in->len, "\r\n\r\n", 4) : NULL;
    return end ? (size_t)(end - in->data) + 4 : 0;
}

static inline struct answer
hear_answer(struct client *c)
{
    struct answer a = { 0 };

    while (head_end(&c->in) == 0)
        hear_at_least(c, c->in.len + 1);
    size_t len = head_end(&c->in);
    a.head = mem_copy_text(c->in.data, len);
    buffer_consume(&c->in, len);
    assert_int_equal(sscanf(a.head, "HTTP/1.1 %u", &a.status), 1);
    const char *field = strcasestr(a.head, "\r\nContent-Length:");
    a.body_len = field ? strtoul(field + 17, NULL, 10) : 0;
    hear_at_least(c, a.body_len);
    a.body = mem_copy_text(a.body_len > 0 ? c->in.data : "", a.body_len);
    buffer_consume(&c->in, a.body_len);
    return a;
}

static inline void
expect_answer(struct client *c, unsigned status, const char *body)
{
    struct answer a = hear_answer(c);
    assert_string_equal(a.body, body);
    assert_int_equal(a.status, status);
    answer_fini(&a);
}

/* ---- what clients say ---- */

/* query without "EIO" and "transport=polling". */
static inline void
say_get(struct client *c, unsigned version, const char *query)
{
    char text[512];
    snprintf(text, sizeof(text),
        "GET /socket.io/?EIO=%u&transport=polling%s HTTP/1.1\r\nHost: a\r\n\r\n", version, query);
    say(c, text);
}

static inline void
say_post(struct client *c, unsigned version, const char *query, const char *body)
{
    char text[512];
    snprintf(text, sizeof(text),
        "POST /socket.io/?EIO=%u&transport=polling%s HTTP/1.1\r\nHost: a\r\n"
        "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n",
        version, query, strlen(body));
    say(c, text);
    say(c, body);
}

static inline void
say_upgrade(struct client *c, const char *query, const char *headers)
{
    char text[1024];
    snprintf(text, sizeof(text),
        "GET /socket.io/?%s HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
        query, headers);
    say(c, text);
}

#define ACCEPTED                                                                                   \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"            \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

static inline void
say_frame(struct client *c, unsigned first, const char *data, size_t len)
{
    struct buffer out = { 0 };
    buffer_append_char(&out, (char)first);
    if (len < 126) {
        buffer_append_char(&out, (char)(0x80 | len));
    } else {
        buffer_append_char(&out, (char)(0x80 | 127));
        for (int shift = 56; shift >= 0; shift -= 8)
            buffer_append_char(&out, (char)(len >> shift & 0xff));
    }
    buffer_append(&out, "\0\0\0\0", 4);
    buffer_append(&out, data, len);
    say_bytes(c, out.data, out.len);
    buffer_fini(&out);
}

static inline void
say_packet(struct client *c, const char *text)
{
    say_frame(c, 0x81, text, strlen(text));
}

/* A text frame of less than 126 bytes. */
static inline void
hear_packet(struct client *c, const char *text)
{
    char frame[128] = { (char)0x81, (char)strlen(text) };
    memcpy(frame + 2, text, strlen(text));
    hear_bytes(c, frame, 2 + strlen(text));
}

/* "&sid=..." of the session; a polling session that has heard its open packet. */
struct sid_query {
    char text[32];
};

static inline struct sid_query
open_polling_with(struct client *c, unsigned version, const char *query)
{
    struct sid_query q = { "&sid=" };
    say_get(c, version, query);
    struct answer a = hear_answer(c);
    assert_int_equal(a.status, 200);
    const char *sid = strstr(a.body, "sid");
    assert_non_null(sid);
    memcpy(q.text + 5, strpbrk(sid, ":") + (sid[3] == '\\' ? 3 : 2), EIO_SESSION_SID_LEN);
    answer_fini(&a);
    return q;
}

static inline struct sid_query
open_polling(struct client *c, unsigned version)
{
    return open_polling_with(c, version, "");
}

/* Past the 101 and the open packet (and "40"). */
static inline void
open_websocket(struct client *c, unsigned version)
{
    char query[64];
    snprintf(query, sizeof(query), "EIO=%u&transport=websocket", version);
    say_upgrade(c, query, "");
    HEAR(c, ACCEPTED "\r\n");
    hear_at_least(c, 4);
    assert_memory_equal(c->in.data, "\x81", 1);
    size_t len = (unsigned char)c->in.data[1];
    assert_true(len < 126);
    hear_at_least(c, 2 + len);
    buffer_consume(&c->in, 2 + len);
    if (version == 3)
        hear_packet(c, "40");
}

#endif
