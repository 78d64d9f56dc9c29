/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../load/die.h"

struct order {
    size_t first;
    size_t each;
    size_t head; /* bytes of the line */
    size_t len;  /* of the frame behind it */
};

/* False while the order is not whole. */
static bool
read_order(struct order *o, const char *data, size_t len)
{
    const char *end = memchr(data, '\n', len);
    char *rest = NULL;

    if (end == NULL)
        return false;
    if (memcmp(data, "send ", 5) != 0)
        die("control: expected send FIRST EACH BYTES");
    o->first = strtoul(data + 5, &rest, 10);
    o->each = strtoul(rest, &rest, 10);
    o->len = strtoul(rest, &rest, 10);
    o->head = (size_t)(end - data) + 1;
    if (rest != end || o->each == 0)
        die("control: expected send FIRST EACH BYTES");
    return len - o->head >= o->len;
}

static void
send_gathered(struct control *c, struct peers *p)
{
    const struct frames f = {
        .pieces = c->pieces, .count = c->count, .whole = c->whole, .len = c->gathered
    };

    if (c->count > 0)
        peers_send(p, c->first, c->each, &f);
    c->count = 0;
    c->gathered = 0;
}

static void
gather(struct control *c, struct peers *p, const struct order *o, const char *frame)
{
    if (c->first != o->first || c->each != o->each || c->count == CONTROL_PIECES)
        send_gathered(c, p);
    c->first = o->first;
    c->each = o->each;
    char *piece = c->whole + c->gathered;
    memcpy(piece, frame, o->len);
    c->pieces[c->count++] = (struct iovec){ .iov_base = piece, .iov_len = o->len };
    c->gathered += o->len;
}

static void
understand(struct control *c, struct peers *p)
{
    size_t at = 0;
    struct order o;

    while (read_order(&o, c->data + at, c->len - at)) {
        gather(c, p, &o, c->data + at + o.head);
        at += o.head + o.len;
    }
    send_gathered(c, p);
    c->len -= at;
    memmove(c->data, c->data + at, c->len);
}

void
control_on_ready(struct control *c, struct peers *p)
{
    ssize_t got = recv(c->fd, c->data + c->len, sizeof(c->data) - c->len, 0);

    if (got <= 0) {
        close(c->fd);
        c->fd = -1;
        c->len = 0;
        return;
    }
    c->len += (size_t)got;
    understand(c, p);
}
