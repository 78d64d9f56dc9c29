/* SPDX-License-Identifier: MIT */
/*
 * Tests of streams that change loops: two threads hand one connection to and fro while its client
 * talks to whoever has it.
 */
#include <openssl/ssl.h>
#include <pthread.h>

#include "net/mailbox.h"
#include "tls_house.h"

enum { ROUNDS = 300 };

/* One of the two loops.  It echoes capitals; 'm' moves the stream, 'q' ends everything. */
struct shore {
    struct loop *l;
    struct mailbox *box;
    struct shore *across;
    struct stream *s;
    unsigned landings;
};

struct voyage {
    struct message m;
    struct stream_parcel *parcel; /* NULL: the end */
    size_t len;
    char rest[1024]; /* read, and not understood before the move */
};

static void
drop_voyage(struct message *m)
{
    stream_parcel_drop(CONTAINER_OF(m, struct voyage, m)->parcel);
    free(m);
}

static void land(void *owner, struct message *m);

static const struct message_kind voyage_kind = { "voyage", land, drop_voyage };

static void
post(struct shore *to, struct stream_parcel *parcel, const char *rest, size_t len)
{
    struct voyage *v = calloc(1, sizeof(*v));

    assert_true(len <= sizeof(v->rest));
    v->m.kind = &voyage_kind;
    v->parcel = parcel;
    v->len = len;
    memcpy(v->rest, rest, len);
    mailbox_post(to->box, &v->m);
}

static void
shore_on_data(void *owner, const char *data, size_t len)
{
    struct shore *here = owner;

    for (size_t i = 0; i < len; i++) {
        if (data[i] == 'm' && stream_queued(here->s) == 0) {
            struct stream *s = here->s;

            here->s = NULL;
            post(here->across, stream_detach(s), data + i + 1, len - i - 1);
            return;
        }
        if (data[i] == 'q') {
            stream_finish(here->s);
            return;
        }
        if (data[i] != 'm')
            stream_send_copy(here->s, data + i, 1);
    }
}

static void
shore_leave(struct shore *here)
{
    mailbox_close(here->box);
    loop_stop(here->l);
}

static void
shore_on_end(void *owner, enum stream_end why)
{
    struct shore *here = owner;

    (void)why;
    here->s = NULL;
    post(here->across, NULL, "", 0);
    shore_leave(here);
}

static const struct stream_handlers shore_handlers = {
    .on_data = shore_on_data,
    .on_end = shore_on_end,
};

static void
land(void *owner, struct message *m)
{
    struct shore *here = owner;
    struct voyage *v = CONTAINER_OF(m, struct voyage, m);

    if (v->parcel) {
        here->s = stream_adopt(here->l, v->parcel, &shore_handlers, here);
        assert_non_null(here->s);
        here->landings++;
        shore_on_data(here, v->rest, v->len);
    } else {
        shore_leave(here);
    }
    free(v);
}

static void *
run_shore(void *arg)
{
    loop_run(((struct shore *)arg)->l);
    return NULL;
}

struct sea {
    struct shore shores[2];
    struct listener *n;
    struct tls_context *tls; /* NULL: plain */
    unsigned port;
};

static void
sea_on_accept(void *owner, struct stream *s)
{
    struct sea *sea = owner;

    if (sea->tls)
        tls_server_accept(sea->tls, s);
    sea->shores[0].s = s;
    stream_attach(s, &shore_handlers, &sea->shores[0]);
    listener_close(sea->n);
}

static const struct listener_handlers sea_handlers = { .on_accept = sea_on_accept };

static void
sea_open(struct sea *sea, struct tls_context *tls, pthread_t threads[2])
{
    int fd = listen_any("127.0.0.1", &sea->port);

    for (int i = 0; i < 2; i++) {
        struct shore *here = &sea->shores[i];

        *here = (struct shore){ .l = loop_new(), .across = &sea->shores[1 - i] };
        here->box = mailbox_open(here->l, "shore", 1 << 20, here);
    }
    sea->tls = tls;
    sea->n = listener_open(sea->shores[0].l, fd, &sea_handlers, sea);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_shore, &sea->shores[i]), 0);
}

static void
sea_close(struct sea *sea, pthread_t threads[2])
{
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 2; i++) {
        loop_free(sea->shores[i].l);
        mailbox_free(sea->shores[i].box);
    }
}

static void
stream_moves_to_and_fro(void **state)
{
    struct sea sea;
    pthread_t threads[2];
    char out[3] = "m?", in;
    int fd;

    (void)state;
    sea_open(&sea, NULL, threads);
    fd = dial(sea.port);
    for (int i = 0; i < ROUNDS; i++) {
        out[1] = (char)('A' + i % 26);
        assert_int_equal(write(fd, out, 2), 2);
        assert_int_equal(read(fd, &in, 1), 1);
        assert_int_equal(in, out[1]);
    }
    assert_int_equal(write(fd, "q", 1), 1);
    assert_int_equal(read(fd, &in, 1), 0);
    close(fd);
    sea_close(&sea, threads);
    assert_int_equal(sea.shores[0].landings + sea.shores[1].landings, ROUNDS);
}

/* Each letter is a record; several are in one packet, so that a move leaves some behind it. */
static void
tls_state_and_unread_records_move_too(void **state)
{
    struct tls_context *tls = server_context("server.pem", "server.key");
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    struct sea sea;
    pthread_t threads[2];
    char in;
    int fd;

    (void)state;
    sea_open(&sea, tls, threads);
    fd = dial(sea.port);
    SSL_set_fd(ssl, fd);
    assert_int_equal(SSL_connect(ssl), 1);
    for (int i = 0; i < ROUNDS; i++) {
        BIO *out = SSL_get_wbio(ssl), *batch = BIO_new(BIO_s_mem());
        char *records;
        long len;

        BIO_up_ref(out);
        SSL_set0_wbio(ssl, batch);
        SSL_write(ssl, "m", 1);
        SSL_write(ssl, "A", 1);
        SSL_write(ssl, "B", 1);
        len = BIO_get_mem_data(batch, &records);
        assert_int_equal(write(fd, records, (size_t)len), len);
        SSL_set0_wbio(ssl, out);
        assert_int_equal(SSL_read(ssl, &in, 1), 1);
        assert_int_equal(in, 'A');
        assert_int_equal(SSL_read(ssl, &in, 1), 1);
        assert_int_equal(in, 'B');
    }
    assert_int_equal(SSL_write(ssl, "q", 1), 1);
    assert_true(SSL_read(ssl, &in, 1) <= 0);
    assert_int_equal(SSL_get_shutdown(ssl), SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    sea_close(&sea, threads);
    assert_int_equal(sea.shores[0].landings + sea.shores[1].landings, ROUNDS);
    tls_server_unref(tls);
}

/* An accepted stream of from. */
static struct stream *
arrival(struct loop *from, struct peer *p, int *other)
{
    struct stream *s = stream_over_pair(from, SOCK_STREAM, other);

    stream_accepted(s);
    peer_attach(p, s);
    loop_turn(from);
    return s;
}

static void
a_stream_counts_where_it_was_accepted_to_its_end(void **state)
{
    struct loop *home = loop_new(), *away = loop_new();
    struct peer here, there = { 0 };
    int other;
    struct stream_parcel *parcel = stream_detach(arrival(home, &here, &other));

    (void)state;
    assert_non_null(parcel);
    loop_turn(home);
    assert_int_equal(loop_accepted_count(home), 1); /* under way */
    there.s = stream_adopt(away, parcel, &peer_handlers, &there);
    assert_int_equal(loop_accepted_count(home), 1);
    assert_int_equal(loop_accepted_count(away), 0);
    peer_fini(away, &there);
    assert_int_equal(loop_accepted_count(home), 0);
    close(other);

    parcel = stream_detach(arrival(home, &here, &other));
    stream_parcel_drop(parcel);
    assert_int_equal(loop_accepted_count(home), 0);
    close(other);
    loop_free(away);
    loop_free(home);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_moves_to_and_fro),
        cmocka_unit_test(tls_state_and_unread_records_move_too),
        cmocka_unit_test(a_stream_counts_where_it_was_accepted_to_its_end),
    };

    alarm(60);
    return cmocka_run_group_tests_name("net/stream_move", tests, certs_set_up, certs_tear_down);
}
