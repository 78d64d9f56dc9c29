/* SPDX-License-Identifier: MIT */
/*
 * ws_reader: bytes of one client become WebSocket messages and control frames.
 *
 *   input --head: read, checked, fed--> wslay
 *         --payload of that frame-----> wslay --unmasked chunks--> message / control --> event
 */
#include "ws_reader.h"

#include <stdint.h>
#include <stdlib.h>
#include <wslay/wslay.h>

#include "base/budget.h"
#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "wire/deflate.h"
#include "ws_writer.h"

enum {
    WSLAY_BYTES = 4272,
    HEAD_MIN = 2,
    HEAD_MAX = 14,
    MASK_LEN = 4,
    CONTROL_MAX = 125,
    POOL_MAX = 8,          /* readers kept for the next turn */
    KEPT_CAPACITY = 65536, /* a larger buffer does not go back to the pool */
};

/* Of a head's bytes. */
enum { FIN = 0x80, RSV1 = 0x40, RSV23 = 0x30, OPCODE = 0x0f, MASKED = 0x80, LEN_7 = 0x7f };

/*
 * Between frames head_len is 0, left is 0, and wslay holds no bytes of this client; between
 * messages opcode is WS_CONTINUATION.  A frame's head passes check_head() before wslay gets it, so
 * a control frame fits into control, and a message into rules.message_bytes.
 */
struct ws_reader {
    struct ws_reader *next_idle;
    wslay_frame_context_ptr frames;
    struct str *input; /* what feed() takes from, during a call */

    /* The frame under way. */
    uint8_t head[HEAD_MAX];
    uint8_t head_len;
    bool in_payload; /* wslay has the head */
    uint64_t left;   /* of its payload, not yet fed */

    /* The message under way. */
    enum ws_opcode opcode;
    bool compressed;
    struct utf8_check utf8;
    struct buffer message;
    struct buffer inflated;

    char control[CONTROL_MAX];
    uint8_t control_len;
    bool failed;
    struct buffer kept;

    struct budget *budget; /* which counts it; NULL: none */
    size_t counted;
};

/* What wslay reads: the head in one piece, then what there is of this frame's payload.  0: no more
 * at the moment. */
static ssize_t
feed(uint8_t *out, size_t len, int flags, void *user)
{
    struct ws_reader *r = user;
    size_t n;

    (void)flags; /* wslay defines none for receiving */
    if (!r->in_payload) {
        ENSURE(r->head_len <= len);
        memcpy(out, r->head, r->head_len);
        r->in_payload = true;
        return r->head_len;
    }
    n = len < r->input->len ? len : r->input->len;
    n = n < r->left ? n : (size_t)r->left;
    if (n > 0)
        memcpy(out, r->input->data, n);
    r->input->data += n;
    r->input->len -= n;
    r->left -= n;
    return (ssize_t)n;
}

/* ---- the pool ---- */

size_t
ws_reader_bytes(const struct ws_reader *r)
{
    if (r == NULL)
        return 0;
    return sizeof(*r) + WSLAY_BYTES + r->message.capacity + r->inflated.capacity + r->kept.capacity;
}

void
ws_reader_account(struct ws_reader *r, struct budget *b)
{
    size_t now = ws_reader_bytes(r);

    ENSURE(!r->budget || r->budget == b);
    budget_change(b, r->counted, now);
    r->budget = b;
    r->counted = now;
}

static void
reader_discount(struct ws_reader *r)
{
    if (r->budget)
        budget_give(r->budget, r->counted);
    r->budget = NULL;
    r->counted = 0;
}

void
ws_reader_free(struct ws_reader *r)
{
    if (r == NULL)
        return;
    reader_discount(r);
    wslay_frame_context_free(r->frames);
    buffer_fini(&r->message);
    buffer_fini(&r->inflated);
    buffer_fini(&r->kept);
    free(r);
}

struct ws_reader *
ws_reader_lend(struct ws_reader_pool *pool)
{
    static const struct wslay_frame_callbacks callbacks = { .recv_callback = feed };
    struct ws_reader *r = pool->idle;

    if (r) {
        ENSURE(pool->count > 0 && ws_reader_is_idle(r));
        pool->idle = r->next_idle;
        pool->count--;
        return r;
    }
    r = mem_zalloc(sizeof(*r));
    ENSURE(wslay_frame_context_init(&r->frames, &callbacks, r) == 0);
    return r;
}

void
ws_reader_return(struct ws_reader_pool *pool, struct ws_reader *r)
{
    if (!ws_reader_is_idle(r) || pool->count >= POOL_MAX) {
        ws_reader_free(r);
        return;
    }
    reader_discount(r);
    if (r->message.capacity > KEPT_CAPACITY)
        buffer_fini(&r->message);
    if (r->inflated.capacity > KEPT_CAPACITY)
        buffer_fini(&r->inflated);
    r->next_idle = pool->idle;
    pool->idle = r;
    pool->count++;
}

void
ws_reader_pool_fini(struct ws_reader_pool *pool)
{
    while (pool->idle)
        ws_reader_free(ws_reader_lend(pool));
    ENSURE(pool->count == 0);
}

bool
ws_reader_is_idle(const struct ws_reader *r)
{
    return !r->failed && r->head_len == 0 && r->opcode == WS_CONTINUATION && r->kept.len == 0;
}

/* ---- the head of a frame ---- */

static unsigned
extended_len(const uint8_t *head)
{
    unsigned len = head[1] & LEN_7;
    return len == 126 ? 2 : len == 127 ? 8 : 0;
}

/* With the first two bytes known. */
static size_t
head_size(const uint8_t *head)
{
    return HEAD_MIN + extended_len(head) + (head[1] & MASKED ? MASK_LEN : 0);
}

/* False: more input is needed. */
static bool
read_head(struct ws_reader *r)
{
    while (r->head_len < HEAD_MIN || r->head_len < head_size(r->head)) {
        if (r->input->len == 0)
            return false;
        r->head[r->head_len++] = (uint8_t)*r->input->data++;
        r->input->len--;
    }
    return true;
}

/* The code to close with, or WS_CODE_NONE; begins the frame, and with a first one its message. */
static unsigned
check_head(struct ws_reader *r, const struct ws_rules *rules)
{
    unsigned opcode = r->head[0] & OPCODE, extended = extended_len(r->head);
    bool rsv1 = r->head[0] & RSV1, first = opcode != WS_CONTINUATION;
    uint64_t len = extended ? 0 : r->head[1] & LEN_7;

    for (unsigned i = 0; i < extended; i++)
        len = len << 8 | r->head[HEAD_MIN + i];
    r->left = len;
    if (!(r->head[1] & MASKED) || (r->head[0] & RSV23))
        return WS_CODE_PROTOCOL;
    if (len < (extended == 8 ? UINT16_MAX + 1u : extended == 2 ? LEN_7 - 1u : 0) || len >> 63)
        return WS_CODE_PROTOCOL; /* not in its shortest form */
    if (opcode >= WS_CLOSE) {
        r->control_len = 0;
        return rsv1 || opcode > WS_PONG || len > CONTROL_MAX || !(r->head[0] & FIN)
                   ? WS_CODE_PROTOCOL
                   : WS_CODE_NONE;
    }
    /* A first frame names the kind and may be compressed; further ones may do neither. */
    if (first != (r->opcode == WS_CONTINUATION) || opcode > WS_BINARY ||
        (rsv1 && !(first && rules->deflate)))
        return WS_CODE_PROTOCOL;
    if (first) {
        r->opcode = (enum ws_opcode)opcode;
        r->compressed = rsv1;
        r->utf8 = (struct utf8_check){ 0 };
        buffer_clear(&r->message);
    }
    /* The limit may have become smaller since the last frame. */
    if (r->message.len > rules->message_bytes || len > rules->message_bytes - r->message.len)
        return WS_CODE_TOO_LARGE;
    return WS_CODE_NONE;
}

/* ---- what a frame completes ---- */

static enum ws_event
reader_fail(struct ws_reader *r, unsigned code, struct ws_incoming *out)
{
    r->failed = true;
    out->code = code;
    return WS_EVENT_FAILED;
}

static bool
close_code_valid(unsigned code)
{
    if (code >= 3000)
        return code <= 4999;
    return code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006);
}

static enum ws_event
finish_control(struct ws_reader *r, unsigned opcode, struct ws_incoming *out)
{
    unsigned code;

    out->data = str_slice(r->control, r->control_len);
    if (opcode != WS_CLOSE)
        return opcode == WS_PING ? WS_EVENT_PING : WS_EVENT_PONG;
    if (r->control_len == 0)
        return WS_EVENT_CLOSE;
    code = (uint8_t)r->control[0] * 256u + (uint8_t)r->control[r->control_len > 1];
    if (r->control_len == 1 || !close_code_valid(code))
        return reader_fail(r, WS_CODE_PROTOCOL, out);
    if (!utf8_valid(str_slice(r->control + 2, r->control_len - 2u)))
        return reader_fail(r, WS_CODE_NOT_UTF8, out);
    out->code = code;
    return WS_EVENT_CLOSE;
}

/* WS_CODE_NONE, or the code to close with. */
static unsigned
inflate_message(
    struct ws_reader *r, const struct ws_rules *rules, struct str data, struct ws_incoming *out)
{
    size_t free_bytes = data.len * WS_INFLATION_FREE, most = free_bytes + rules->inflation;
    bool scarce = most < rules->message_bytes;

    buffer_clear(&r->inflated);
    switch (deflate_inflate_raw(data, scarce ? most : rules->message_bytes, &r->inflated)) {
    case DEFLATE_OK:
        break;
    case DEFLATE_BAD:
        return WS_CODE_NOT_UTF8;
    case DEFLATE_TOO_LARGE:
        return scarce ? WS_CODE_POLICY : WS_CODE_TOO_LARGE;
    }
    out->data = buffer_str(&r->inflated);
    out->inflation = out->data.len > free_bytes ? out->data.len - free_bytes : 0;
    return WS_CODE_NONE;
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
        return valid ? kind : reader_fail(r, WS_CODE_NOT_UTF8, out);
    }
    unsigned code = inflate_message(r, rules, data, out);
    if (code != WS_CODE_NONE)
        return reader_fail(r, code, out);
    if (kind == WS_EVENT_TEXT && !utf8_valid(out->data))
        return reader_fail(r, WS_CODE_NOT_UTF8, out);
    return kind;
}

static enum ws_event
reader_on_chunk(
    struct ws_reader *r, const struct ws_rules *rules, struct str chunk, struct ws_incoming *out)
{
    unsigned opcode = r->head[0] & OPCODE;
    bool complete = r->left == 0, last = complete && (r->head[0] & FIN);

    if (complete) {
        r->head_len = 0;
        r->in_payload = false;
    }
    if (opcode >= WS_CLOSE) {
        ENSURE(chunk.len <= (size_t)(CONTROL_MAX - r->control_len));
        if (chunk.len > 0)
            memcpy(r->control + r->control_len, chunk.data, chunk.len);
        r->control_len = (uint8_t)(r->control_len + chunk.len);
        return complete ? finish_control(r, opcode, out) : WS_EVENT_MORE;
    }
    ENSURE(r->opcode != WS_CONTINUATION);
    if (r->opcode == WS_TEXT && !r->compressed && !utf8_check_feed(&r->utf8, chunk.data, chunk.len))
        return reader_fail(r, WS_CODE_NOT_UTF8, out);
    if (last && r->message.len == 0)
        return finish_message(r, rules, chunk, out); /* in one piece: nothing is copied */
    buffer_append(&r->message, chunk.data, chunk.len);
    return last ? finish_message(r, rules, buffer_str(&r->message), out) : WS_EVENT_MORE;
}

enum ws_event
ws_reader_next(
    struct ws_reader *r, const struct ws_rules *rules, struct str *input, struct ws_incoming *out)
{
    enum ws_event event = WS_EVENT_MORE;

    *out = (struct ws_incoming){ .code = WS_CODE_NONE };
    if (r->failed)
        return reader_fail(r, WS_CODE_PROTOCOL, out);
    r->input = input;
    while (event == WS_EVENT_MORE) {
        struct wslay_frame_iocb io = { 0 };
        if (!r->in_payload) {
            if (!read_head(r))
                break;
            out->code = check_head(r, rules);
            if (out->code != WS_CODE_NONE) {
                event = reader_fail(r, out->code, out);
                break;
            }
        }
        ssize_t n = wslay_frame_recv(r->frames, &io);
        if (n == WSLAY_ERR_WANT_READ)
            break;
        event = n < 0 ? reader_fail(r, WS_CODE_PROTOCOL, out)
                      : reader_on_chunk(r, rules, str_slice((char *)io.data, io.data_length), out);
    }
    ENSURE(event != WS_EVENT_MORE || input->len == 0);
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
