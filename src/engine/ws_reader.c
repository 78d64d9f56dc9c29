/* SPDX-License-Identifier: MIT */
/*
 * ws_reader: bytes of one client become WebSocket messages and control frames.
 *
 *   input --feed(): one frame at most--> wslay --chunks--> rules --> message / control --> event
 */
#include "ws_reader.h"

#include <stdint.h>
#include <stdlib.h>
#include <wslay/wslay.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "wire/deflate.h"
#include "ws_writer.h"

enum {
    HEAD_MIN = 2,
    HEAD_MAX = 14,
    MASK_LEN = 4,
    CONTROL_MAX = 125,
    POOL_MAX = 8,          /* readers kept for the next turn */
    KEPT_CAPACITY = 65536, /* a larger buffer does not go back to the pool */
};

/* Of a head's bytes. */
enum { FIN = 0x80, RSV1 = 0x40, RSV23 = 0x30, OPCODE = 0x0f, MASKED = 0x80, LEN_7 = 0x7f };

struct ws_reader {
    struct ws_reader *next_idle;
    wslay_frame_context_ptr frames;
    struct str *input; /* what feed() takes from, during a call */

    /* The frame under way; head_len 0: none. */
    uint8_t head[HEAD_MAX];
    uint8_t head_len;
    bool checked;
    uint64_t left; /* of its payload, not yet fed */

    /* The message under way; opcode WS_CONTINUATION: none. */
    enum ws_opcode opcode;
    bool compressed;
    struct utf8_check utf8;
    struct buffer message;
    struct buffer inflated;

    char control[CONTROL_MAX];
    uint8_t control_len;
    bool failed;
    struct buffer kept;
};

/* ---- what wslay gets ---- */

/* With the first two bytes known; or those two. */
static size_t
head_size(const struct ws_reader *r)
{
    if (r->head_len < HEAD_MIN)
        return HEAD_MIN;
    unsigned len = r->head[1] & LEN_7;
    size_t extended = len == 126 ? 2 : len == 127 ? 8 : 0;
    return HEAD_MIN + extended + (r->head[1] & MASKED ? MASK_LEN : 0);
}

static bool
head_complete(const struct ws_reader *r)
{
    return r->head_len >= HEAD_MIN && r->head_len == head_size(r);
}

static uint64_t
payload_len(const uint8_t *head)
{
    unsigned len = head[1] & LEN_7;
    if (len < 126)
        return len;
    uint64_t value = 0;
    for (unsigned i = 0; i < (len == 126 ? 2u : 8u); i++)
        value = value << 8 | head[HEAD_MIN + i];
    return value;
}

static size_t
feed_head(struct ws_reader *r, uint8_t *out, size_t len)
{
    size_t n = head_size(r) - r->head_len;
    n = n < r->input->len ? n : r->input->len;
    ENSURE(n <= len);
    memcpy(out, r->input->data, n);
    memcpy(r->head + r->head_len, r->input->data, n);
    r->head_len = (uint8_t)(r->head_len + n);
    if (head_complete(r))
        r->left = payload_len(r->head);
    return n;
}

static size_t
feed_payload(struct ws_reader *r, uint8_t *out, size_t len)
{
    size_t n = len < r->input->len ? len : r->input->len;
    n = n < r->left ? n : (size_t)r->left;
    memcpy(out, r->input->data, n);
    r->left -= n;
    return n;
}

static ssize_t
feed(uint8_t *out, size_t len, int flags, void *user)
{
    struct ws_reader *r = user;
    (void)flags; /* wslay defines none for receiving */

    if (r->input->len == 0)
        return 0;
    size_t n = head_complete(r) ? feed_payload(r, out, len) : feed_head(r, out, len);
    r->input->data += n;
    r->input->len -= n;
    return (ssize_t)n;
}

/* ---- the pool ---- */

static struct ws_reader *
reader_new(void)
{
    static const struct wslay_frame_callbacks callbacks = { .recv_callback = feed };
    struct ws_reader *r = mem_zalloc(sizeof(*r));
    ENSURE(wslay_frame_context_init(&r->frames, &callbacks, r) == 0);
    return r;
}

void
ws_reader_free(struct ws_reader *r)
{
    if (r == NULL)
        return;
    wslay_frame_context_free(r->frames);
    buffer_fini(&r->message);
    buffer_fini(&r->inflated);
    buffer_fini(&r->kept);
    free(r);
}

struct ws_reader *
ws_reader_lend(struct ws_reader_pool *pool)
{
    struct ws_reader *r = pool->idle;
    if (r == NULL)
        return reader_new();
    pool->idle = r->next_idle;
    pool->count--;
    return r;
}

static void
trim(struct buffer *b)
{
    if (b->capacity > KEPT_CAPACITY)
        buffer_fini(b);
    else
        buffer_clear(b);
}

void
ws_reader_return(struct ws_reader_pool *pool, struct ws_reader *r)
{
    if (r == NULL)
        return;
    if (!ws_reader_is_idle(r) || pool->count >= POOL_MAX) {
        ws_reader_free(r);
        return;
    }
    trim(&r->message);
    trim(&r->inflated);
    r->next_idle = pool->idle;
    pool->idle = r;
    pool->count++;
}

void
ws_reader_pool_fini(struct ws_reader_pool *pool)
{
    while (pool->idle) {
        struct ws_reader *r = pool->idle;
        pool->idle = r->next_idle;
        ws_reader_free(r);
    }
    pool->count = 0;
}

bool
ws_reader_is_idle(const struct ws_reader *r)
{
    return !r->failed && r->head_len == 0 && r->opcode == WS_CONTINUATION && r->kept.len == 0;
}

/* ---- the rules ---- */

static enum ws_event
fail(struct ws_reader *r, unsigned code, struct ws_incoming *out)
{
    r->failed = true;
    out->code = code;
    return WS_EVENT_FAILED;
}

static bool
is_control(const struct ws_reader *r)
{
    return (r->head[0] & OPCODE) >= WS_CLOSE;
}

/* A first frame names the kind and may be compressed; further ones may do neither. */
static bool
begin_data(struct ws_reader *r, const struct ws_rules *rules, unsigned opcode, bool rsv1)
{
    if (opcode == WS_CONTINUATION)
        return r->opcode != WS_CONTINUATION && !rsv1;
    if (r->opcode != WS_CONTINUATION || opcode > WS_BINARY || (rsv1 && !rules->deflate))
        return false;
    r->opcode = (enum ws_opcode)opcode;
    r->compressed = rsv1;
    r->utf8 = (struct utf8_check){ 0 };
    buffer_clear(&r->message);
    return true;
}

/* The code to close with, or WS_CODE_NONE.  wslay itself refuses long or fragmented control frames
 * and lengths that are not in their shortest form. */
static unsigned
check_head(struct ws_reader *r, const struct ws_rules *rules)
{
    unsigned opcode = r->head[0] & OPCODE;
    bool rsv1 = r->head[0] & RSV1;

    r->checked = true;
    if (!(r->head[1] & MASKED) || (r->head[0] & RSV23))
        return WS_CODE_PROTOCOL;
    if (is_control(r)) {
        r->control_len = 0;
        return rsv1 || opcode > WS_PONG ? WS_CODE_PROTOCOL : WS_CODE_NONE;
    }
    if (!begin_data(r, rules, opcode, rsv1))
        return WS_CODE_PROTOCOL;
    if (r->message.len > rules->message_bytes ||
        payload_len(r->head) > rules->message_bytes - r->message.len)
        return WS_CODE_TOO_LARGE;
    return WS_CODE_NONE;
}

static bool
close_code_valid(unsigned code)
{
    if (code >= 3000)
        return code <= 4999;
    return code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006);
}

static enum ws_event
finish_close(struct ws_reader *r, struct ws_incoming *out)
{
    out->data = str_slice(r->control, r->control_len);
    if (r->control_len == 0)
        return WS_EVENT_CLOSE;
    unsigned code = (uint8_t)r->control[0] * 256u + (uint8_t)r->control[r->control_len > 1];
    if (r->control_len == 1 || !close_code_valid(code))
        return fail(r, WS_CODE_PROTOCOL, out);
    if (!utf8_valid(str_slice(r->control + 2, r->control_len - 2u)))
        return fail(r, WS_CODE_NOT_UTF8, out);
    out->code = code;
    return WS_EVENT_CLOSE;
}

static enum ws_event
finish_control(struct ws_reader *r, unsigned opcode, struct ws_incoming *out)
{
    if (opcode == WS_CLOSE)
        return finish_close(r, out);
    out->data = str_slice(r->control, r->control_len);
    return opcode == WS_PING ? WS_EVENT_PING : WS_EVENT_PONG;
}

/* data is the whole message, still compressed if it came so. */
static enum ws_event
finish_message(
    struct ws_reader *r, const struct ws_rules *rules, struct str data, struct ws_incoming *out)
{
    enum ws_event kind = r->opcode == WS_TEXT ? WS_EVENT_TEXT : WS_EVENT_BINARY;

    r->opcode = WS_CONTINUATION;
    out->data = data;
    if (!r->compressed) {
        bool valid = kind == WS_EVENT_BINARY || utf8_check_complete(&r->utf8);
        return valid ? kind : fail(r, WS_CODE_NOT_UTF8, out);
    }
    buffer_clear(&r->inflated);
    enum deflate_result result = deflate_inflate_raw(data, rules->message_bytes, &r->inflated);
    if (result != DEFLATE_OK)
        return fail(r, result == DEFLATE_BAD ? WS_CODE_NOT_UTF8 : WS_CODE_TOO_LARGE, out);
    out->data = buffer_str(&r->inflated);
    if (kind == WS_EVENT_TEXT && !utf8_valid(out->data))
        return fail(r, WS_CODE_NOT_UTF8, out);
    return kind;
}

/* Part of a control frame: it fits, or wslay had refused it. */
static enum ws_event
on_control(struct ws_reader *r, struct str chunk, bool complete, struct ws_incoming *out)
{
    ENSURE(chunk.len <= (size_t)(CONTROL_MAX - r->control_len));
    if (chunk.len > 0)
        memcpy(r->control + r->control_len, chunk.data, chunk.len);
    r->control_len = (uint8_t)(r->control_len + chunk.len);
    return complete ? finish_control(r, r->head[0] & OPCODE, out) : WS_EVENT_MORE;
}

static enum ws_event
on_data(struct ws_reader *r, const struct ws_rules *rules, struct str chunk, bool complete,
    struct ws_incoming *out)
{
    bool last = complete && (r->head[0] & FIN);

    if (r->opcode == WS_TEXT && !r->compressed && !utf8_check_feed(&r->utf8, chunk.data, chunk.len))
        return fail(r, WS_CODE_NOT_UTF8, out);
    if (last && r->message.len == 0)
        return finish_message(r, rules, chunk, out); /* in one piece: nothing is copied */
    buffer_append(&r->message, chunk.data, chunk.len);
    return last ? finish_message(r, rules, buffer_str(&r->message), out) : WS_EVENT_MORE;
}

static enum ws_event
on_chunk(struct ws_reader *r, const struct ws_rules *rules, const struct wslay_frame_iocb *io,
    struct ws_incoming *out)
{
    struct str chunk = str_slice((const char *)io->data, io->data_length);
    bool complete = r->left == 0;
    enum ws_event event = is_control(r) ? on_control(r, chunk, complete, out)
                                        : on_data(r, rules, chunk, complete, out);
    if (complete) {
        r->head_len = 0;
        r->checked = false;
    }
    return event;
}

enum ws_event
ws_reader_next(
    struct ws_reader *r, const struct ws_rules *rules, struct str *input, struct ws_incoming *out)
{
    enum ws_event event = WS_EVENT_MORE;

    *out = (struct ws_incoming){ { NULL, 0 }, WS_CODE_NONE };
    if (r->failed)
        return fail(r, WS_CODE_PROTOCOL, out);
    r->input = input;
    while (event == WS_EVENT_MORE) {
        struct wslay_frame_iocb io = { 0 };
        ssize_t n = wslay_frame_recv(r->frames, &io);
        if (n < 0 && n != WSLAY_ERR_WANT_READ)
            event = fail(r, WS_CODE_PROTOCOL, out);
        else if (head_complete(r) && !r->checked && (out->code = check_head(r, rules)))
            event = fail(r, out->code, out);
        else if (n >= 0)
            event = on_chunk(r, rules, &io, out);
        else
            break; /* all input is in wslay's buffer */
    }
    r->input = NULL;
    return event;
}

/* ---- input that waits ---- */

void
ws_reader_keep(struct ws_reader *r, struct str input)
{
    buffer_append_str(&r->kept, input);
}

struct buffer
ws_reader_take_kept(struct ws_reader *r)
{
    struct buffer kept = r->kept;
    buffer_init(&r->kept);
    return kept;
}
