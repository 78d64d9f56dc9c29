/* SPDX-License-Identifier: MIT */
/*
 * sea: two loops, each on a thread of its own, that hand one connection to and fro.
 */
#ifndef TEST_NET_SEA_H
#define TEST_NET_SEA_H

#include <pthread.h>

#include "net/mailbox.h"
#include "net/peer.h"

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
    void (*secure)(void *context, struct stream *s); /* NULL: plain */
    void *context;
    unsigned port;
};

static void
sea_on_accept(void *owner, struct stream *s)
{
    struct sea *sea = owner;

    if (sea->secure)
        sea->secure(sea->context, s);
    sea->shores[0].s = s;
    stream_attach(s, &shore_handlers, &sea->shores[0]);
    listener_close(sea->n);
}

static const struct listener_handlers sea_handlers = { .on_accept = sea_on_accept };

static void
sea_open(struct sea *sea, void (*secure)(void *context, struct stream *s), void *context,
    pthread_t threads[2])
{
    int fd = listen_any("127.0.0.1", &sea->port);

    for (int i = 0; i < 2; i++) {
        struct shore *here = &sea->shores[i];

        *here = (struct shore){ .l = loop_new(), .across = &sea->shores[1 - i] };
        here->box = mailbox_open(here->l, 1 << 20, here);
    }
    sea->secure = secure;
    sea->context = context;
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

#endif
