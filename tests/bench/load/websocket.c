/* SPDX-License-Identifier: MIT */
/*
 * websocket: packets as text frames.
 */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "frame.h"
#include "transport.h"

enum { REQUEST_SIZE = 512, SAY_SIZE = 32 * 1024 };

static bool
begin(struct client *c)
{
    const struct options *o = c->crowd->options;
    char request[REQUEST_SIZE];

    int len = snprintf(request, sizeof(request),
        "GET /socket.io/?EIO=%ld&transport=websocket HTTP/1.1\r\nHost: %s:%ld\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n%s\r\n",
        o->eio, o->host, o->port,
        o->deflate ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
                   : "");
    return link_write(&c->link, request, (size_t)len);
}

static size_t
take_head(struct client *c, const char *data, size_t len)
{
    static const char status[] = "HTTP/1.1 101 ";
    const char *end = memmem(data, len, "\r\n\r\n", 4);

    if (end == NULL)
        return 0;
    if (memcmp(data, status, sizeof(status) - 1) != 0) {
        client_end(c);
        return len;
    }
    client_on_upgraded(c);
    return (size_t)(end - data) + 4;
}

static void
on_frame(struct client *c, const struct frame *f)
{
    struct inflate *inflate = &c->crowd->inflate;

    if (f->opcode == FRAME_CLOSE) {
        client_end(c);
    } else if (!f->compressed) {
        client_on_packet(c, f->data, f->len);
    } else if (inflate_message(inflate, f->data, f->len)) {
        c->crowd->counts.compressed++;
        client_on_packet(c, inflate->text, inflate->text_len);
    } else {
        c->crowd->counts.malformed++;
    }
}

static size_t
take(struct client *c, const char *data, size_t len)
{
    size_t at = 0;
    struct frame f;

    if (c->state == CLIENT_UPGRADING)
        at = take_head(c, data, len);
    while (c->state > CLIENT_UPGRADING && c->state < CLIENT_ENDED) {
        size_t whole = frame_split(&f, data + at, len - at);
        if (whole == 0)
            break;
        on_frame(c, &f);
        at += whole;
    }
    return at;
}

static bool
say(struct client *c, const char *packet, size_t len)
{
    char frame[SAY_SIZE];

    size_t head = frame_head(frame, FRAME_TEXT, len, true);
    if (head + len > sizeof(frame))
        return false;
    memcpy(frame + head, packet, len);
    return link_write(&c->link, frame, head + len);
}

const struct transport transport_websocket = { .begin = begin, .take = take, .say = say };
