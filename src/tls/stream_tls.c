/* SPDX-License-Identifier: MIT */
/*
 * stream_tls: OpenSSL between the socket and the stream, over the loop's buffers.
 *
 *   recv -> io.in -> BIO -> SSL_read -> the loop's plain buffer -> on_data
 *   queue -> up to 16 kB joined in the loop's plain buffer -> SSL_write -> BIO -> io.out -> send
 *
 * What a paused stream leaves of io.in goes to held_in, what the kernel refuses of io.out to
 * held_out; both are freed when they are empty.  Memory BIOs would keep 17-47 kB a connection; ours
 * keeps nothing: it reads one piece of memory and writes to another, both lent for a call.
 */
#include "stream_tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/stream_ops.h"
#include "tls_bio.h"

enum {
    HANDSHAKE_LIMIT_MS = 10000,
    /* A record's payload with its header, padding and tag, and the answer to a key update. */
    RECORD_ROOM = LOOP_PLAIN_SIZE + 1024,
    /* Of messages that are no data of ours, in a row: key updates, attempts to negotiate anew. */
    CHATTER_MAX = 32,
    /* Above what the queue can leave: a peer that asks for key updates and reads no answer. */
    HELD_OUT_LIMIT = 2 * LOOP_CODED_SIZE,
};

/*
 * HANDSHAKE ----> TRAFFIC ----> NOTIFIED     our close_notify is written
 *     `-------------`-----------> BROKEN     nothing more is read or written
 */
enum tls_phase { TLS_HANDSHAKE, TLS_TRAFFIC, TLS_NOTIFIED, TLS_BROKEN };

/*
 * Owned by its stream, or by the parcel it travels in.  Between two calls io is empty: it points to
 * the loop's buffers, or into held_in, only while one of them runs.
 */
struct stream_tls {
    SSL *ssl;
    enum tls_phase phase;
    struct tls_io io;
    struct buffer held_in;  /* read from the socket while the stream was paused */
    struct buffer held_out; /* refused by the kernel */
    bool in_is_held;        /* io.in points into held_in */
    unsigned chatter;       /* since there was data */
    char *error;
};

/* ---- one call ---- */

/* The only place that writes t->phase. */
static void
tls_enter(struct stream_tls *t, enum tls_phase next)
{
    ENSURE(next > t->phase || next == TLS_BROKEN);
    t->phase = next;
}

static void
lend_room(struct stream *s, struct stream_tls *t)
{
    ENSURE(!t->io.out && t->io.out_len == 0);
    t->io.out = loop_coded_room(stream_loop(s));
    t->io.out_size = LOOP_CODED_SIZE;
}

/* The one sentence about a failure: the certificate if it was that, else OpenSSL's reason. */
static void
note_error(struct stream_tls *t)
{
    long verdict = SSL_get_verify_result(t->ssl);
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    struct buffer text = { 0 };

    tls_enter(t, TLS_BROKEN);
    if (t->error)
        return;
    if (verdict != X509_V_OK && SSL_get_verify_mode(t->ssl) != SSL_VERIFY_NONE)
        buffer_printf(
            &text, "certificate verify failed: %s", X509_verify_cert_error_string(verdict));
    else
        buffer_printf(&text, "TLS failed: %s", reason ? reason : "protocol error");
    t->error = mem_copy_text(text.data, text.len);
    buffer_fini(&text);
}

/* Write the ciphertext made so far, after what the kernel refused before. */
static enum stream_flush
tls_push(struct stream *s, struct stream_tls *t)
{
    bool queued = t->held_out.len > 0;
    ssize_t sent;

    if (!queued && t->io.out_len == 0)
        return STREAM_FLUSH_DONE;
    if (queued)
        buffer_append(&t->held_out, t->io.out, t->io.out_len);
    sent = queued ? stream_ops_write(s, t->held_out.data, t->held_out.len)
                  : stream_ops_write(s, t->io.out, t->io.out_len);
    if (sent >= 0 && queued)
        buffer_consume(&t->held_out, (size_t)sent);
    else if (sent >= 0)
        buffer_append(&t->held_out, t->io.out + sent, t->io.out_len - (size_t)sent);
    t->io.out_len = 0;
    if (sent < 0) {
        tls_enter(t, TLS_BROKEN);
        return STREAM_FLUSH_FAILED;
    }
    if (t->held_out.len > 0)
        return STREAM_FLUSH_BLOCKED;
    buffer_fini(&t->held_out);
    return STREAM_FLUSH_DONE;
}

/* Push what OpenSSL wrote while it read: an alert, tickets, a key update.  False: s is closed. */
static bool
push_answer(struct stream *s, struct stream_tls *t)
{
    if (tls_push(s, t) != STREAM_FLUSH_FAILED && t->held_out.len <= HELD_OUT_LIMIT)
        return true;
    stream_close(s, STREAM_END_FAILED);
    return false;
}

/* Why OpenSSL could not go on; true: try again. */
static bool
after_short_call(struct stream *s, struct stream_tls *t, int result)
{
    switch (SSL_get_error(t->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        if (t->chatter > CHATTER_MAX) {
            note_error(t);
            stream_close(s, STREAM_END_FAILED);
        }
        return false;
    case SSL_ERROR_WANT_WRITE:
        return tls_push(s, t) == STREAM_FLUSH_DONE;
    case SSL_ERROR_ZERO_RETURN:
        stream_input_ended(s);
        return false;
    default:
        note_error(t);
        tls_push(s, t); /* an alert */
        stream_close(s, STREAM_END_FAILED);
        return false;
    }
}

/* Go on with the handshake, or read a record; false: no more of either for now. */
static bool
take_input(struct stream *s, struct stream_tls *t)
{
    char *plain = loop_plain_room(stream_loop(s));
    bool shakes = t->phase == TLS_HANDSHAKE;
    int result;

    ERR_clear_error();
    result = shakes ? SSL_do_handshake(t->ssl) : SSL_read(t->ssl, plain, LOOP_PLAIN_SIZE);
    if (result <= 0)
        return after_short_call(s, t, result);
    if (shakes)
        tls_enter(t, TLS_TRAFFIC);
    t->chatter = 0;
    if (!push_answer(s, t))
        return false;
    if (shakes)
        stream_ops_ready(s);
    else
        stream_ops_deliver(s, plain, (size_t)result);
    return true;
}

/* The end of a call: what was not read is kept, the loop's buffers are let go. */
static void
hold_in(struct stream_tls *t)
{
    if (t->in_is_held)
        buffer_consume(&t->held_in, t->held_in.len - t->io.in_len);
    else if (t->io.in_len > 0)
        buffer_append(&t->held_in, t->io.in, t->io.in_len);
    if (t->held_in.len == 0)
        buffer_fini(&t->held_in);
    t->io.in = NULL;
    t->io.in_len = 0;
    t->in_is_held = false;
    t->io.out = NULL;
}

/* on_data may close, pause or detach s: then the rest waits, or is another thread's. */
static void
tls_read(struct stream *s, const char *data, size_t len)
{
    struct stream_tls *t = stream_ops_state(s);

    if (t->phase > TLS_TRAFFIC)
        return;
    if (t->held_in.len > 0) {
        buffer_append(&t->held_in, data, len);
        data = t->held_in.data;
        len = t->held_in.len;
        t->in_is_held = true;
    }
    t->io.in = data;
    t->io.in_len = len;
    lend_room(s, t);
    while (stream_ops_wants_input(s) && t->phase <= TLS_TRAFFIC && take_input(s, t))
        continue;
    if (stream_ops_is_over(s))
        return;
    push_answer(s, t);
    hold_in(t);
}

static void
tls_replay(struct stream *s)
{
    const struct stream_tls *t = stream_ops_state(s);

    if (t->held_in.len > 0 || SSL_pending(t->ssl) > 0)
        tls_read(s, "", 0);
}

/* Encrypt and tls_push records: as many as the loop's buffer holds at a time. */
static enum stream_flush
write_records(struct stream *s, struct stream_tls *t)
{
    char *room = loop_plain_room(stream_loop(s));
    enum stream_flush result = tls_push(s, t);
    struct str part;

    while (result == STREAM_FLUSH_DONE) {
        while (t->io.out_size - t->io.out_len >= RECORD_ROOM &&
               (part = stream_ops_peek(s, room, LOOP_PLAIN_SIZE)).len > 0) {
            ERR_clear_error();
            if (SSL_write(t->ssl, part.data, (int)part.len) != (int)part.len) {
                note_error(t);
                return STREAM_FLUSH_FAILED;
            }
            stream_ops_take(s, part.len);
        }
        if (t->io.out_len == 0)
            break;
        result = tls_push(s, t);
    }
    return result;
}

/* During the handshake only its own bytes go out; for a client, the first of all. */
static enum stream_flush
tls_flush(struct stream *s)
{
    struct stream_tls *t = stream_ops_state(s);
    enum stream_flush result;

    if (t->phase == TLS_BROKEN)
        return STREAM_FLUSH_FAILED;
    if (t->phase == TLS_HANDSHAKE && stream_ops_wants_input(s)) {
        tls_read(s, "", 0);
        if (stream_ops_is_over(s))
            return STREAM_FLUSH_WAITING;
    }
    lend_room(s, t);
    result = t->phase == TLS_HANDSHAKE ? tls_push(s, t) : write_records(s, t);
    t->io.out = NULL;
    return t->phase == TLS_HANDSHAKE && result == STREAM_FLUSH_DONE ? STREAM_FLUSH_WAITING : result;
}

static enum stream_flush
tls_farewell(struct stream *s)
{
    struct stream_tls *t = stream_ops_state(s);
    enum stream_flush result;

    lend_room(s, t);
    if (t->phase == TLS_TRAFFIC) {
        ERR_clear_error();
        SSL_shutdown(t->ssl);
        tls_enter(t, TLS_NOTIFIED);
    }
    result = tls_push(s, t);
    t->io.out = NULL;
    return result;
}

static bool
tls_is_busy(const void *state)
{
    return ((const struct stream_tls *)state)->io.out != NULL;
}

static size_t
tls_held(const void *state)
{
    return ((const struct stream_tls *)state)->held_out.len;
}

static const char *
tls_error(const void *state)
{
    return ((const struct stream_tls *)state)->error;
}

static bool
tls_pack(void *state)
{
    struct stream_tls *t = state;

    if (t->phase != TLS_TRAFFIC)
        return false;
    hold_in(t);
    return true;
}

static void
tls_free(void *state)
{
    struct stream_tls *t = state;

    SSL_free(t->ssl);
    buffer_fini(&t->held_in);
    buffer_fini(&t->held_out);
    free(t->error);
    free(t);
}

static const struct stream_ops tls_ops = {
    .read = tls_read,
    .replay = tls_replay,
    .flush = tls_flush,
    .farewell = tls_farewell,
    .is_busy = tls_is_busy,
    .held = tls_held,
    .error = tls_error,
    .pack = tls_pack,
    .free = tls_free,
};

/*
 * Called for what is no data, never for data.  OpenSSL goes on for as long as it finds input,
 * within one call: so it finds no more when it was too much.
 */
static void
on_info(const SSL *ssl, int where, int code)
{
    struct tls_io *io = BIO_get_data(SSL_get_rbio(ssl));
    struct stream_tls *t = CONTAINER_OF(io, struct stream_tls, io);

    (void)code;
    if (t->phase != TLS_TRAFFIC || !(where & SSL_CB_EXIT || where == SSL_CB_WRITE_ALERT))
        return;
    t->chatter++;
    if (t->chatter > CHATTER_MAX)
        t->io.in_len = 0;
}

static SSL *
tls_begin(struct stream *s, SSL_CTX *openssl)
{
    struct stream_tls *t = mem_zalloc(sizeof(*t));
    BIO *bio = tls_bio_new(&t->io);

    t->ssl = SSL_new(openssl);
    ENSURE(t->ssl);
    SSL_set_bio(t->ssl, bio, bio);
    SSL_set_info_callback(t->ssl, on_info);
    stream_ops_begin(s, &tls_ops, t, HANDSHAKE_LIMIT_MS);
    return t->ssl;
}

void
stream_tls_accept(struct stream *s, SSL_CTX *openssl)
{
    SSL_set_accept_state(tls_begin(s, openssl));
}

void
stream_tls_connect(struct stream *s, SSL_CTX *openssl, const char *server_name)
{
    SSL *ssl = tls_begin(s, openssl);
    X509_VERIFY_PARAM *rules = SSL_get0_param(ssl);
    struct in6_addr address;

    SSL_set_connect_state(ssl);
    /* An address has no server name indication (RFC 6066, section 3). */
    if (inet_pton(AF_INET, server_name, &address) == 1 ||
        inet_pton(AF_INET6, server_name, &address) == 1) {
        X509_VERIFY_PARAM_set1_ip_asc(rules, server_name);
        return;
    }
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(rules, server_name, 0);
    SSL_set_tlsext_host_name(ssl, server_name);
}
