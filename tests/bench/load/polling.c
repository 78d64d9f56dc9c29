/* SPDX-License-Identifier: MIT */
/*
 * polling: packets in the bodies of HTTP, one connection a client.  There is always a GET
 * waiting, except while the client says something: then its POSTs go first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "transport.h"

enum { REQUEST_SIZE = 1024, SEPARATOR = 0x1e };

static bool
request(struct client *c, const char *method, const char *body, size_t len)
{
    const struct options *o = c->crowd->options;
    char text[REQUEST_SIZE];

    int size = snprintf(text, sizeof(text),
        "%s /socket.io/?EIO=%ld&transport=polling%s%s HTTP/1.1\r\nHost: %s:%ld\r\n", method, o->eio,
        c->sid[0] != '\0' ? "&sid=" : "", c->sid, o->host, o->port);
    if (len > 0)
        size += snprintf(text + size, sizeof(text) - (size_t)size,
            "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n%.*s", len,
            (int)len, body);
    else
        size += snprintf(text + size, sizeof(text) - (size_t)size, "\r\n");
    c->asked++;
    return (size_t)size < sizeof(text) && link_write(&c->link, text, (size_t)size);
}

static bool
begin(struct client *c)
{
    c->sid[0] = '\0';
    c->asked = 0;
    return request(c, "GET", NULL, 0);
}

static bool
say(struct client *c, const char *packet, size_t len)
{
    char body[REQUEST_SIZE / 2];

    if (c->crowd->options->eio == 4)
        return request(c, "POST", packet, len);
    int size = snprintf(body, sizeof(body), "%zu:%.*s", len, (int)len, packet);
    return (size_t)size < sizeof(body) && request(c, "POST", body, (size_t)size);
}

static void
keep_sid(struct client *c, const char *packet, size_t len)
{
    static const char name[] = "\"sid\":\"";
    const char *found = memmem(packet, len, name, sizeof(name) - 1);
    size_t at = 0;

    if (found == NULL)
        return;
    found += sizeof(name) - 1;
    while (found + at < packet + len && found[at] != '"' && at < sizeof(c->sid) - 1) {
        c->sid[at] = found[at];
        at++;
    }
    c->sid[at] = '\0';
}

static void
on_packet(struct client *c, const char *packet, size_t len)
{
    if (c->state == CLIENT_UPGRADING) {
        keep_sid(c, packet, len);
        client_on_upgraded(c);
    }
    client_on_packet(c, packet, len);
}

/* One packet of a payload: 3 has "length:packet", 4 has a separator between two. */
static size_t
next_packet(const struct client *c, const char *data, size_t len, size_t *head)
{
    *head = 0;
    if (c->crowd->options->eio == 3) {
        const char *colon = memchr(data, ':', len);
        size_t size = colon != NULL ? strtoul(data, NULL, 10) : 0;
        *head = colon != NULL ? (size_t)(colon - data) + 1 : len;
        return size <= len - *head ? size : len - *head;
    }
    *head = data[0] == SEPARATOR ? 1 : 0;
    const char *end = memchr(data + *head, SEPARATOR, len - *head);
    return end != NULL ? (size_t)(end - data) - *head : len - *head;
}

static void
on_body(struct client *c, const char *data, size_t len)
{
    size_t at = 0;
    size_t head = 0;

    if (len == 2 && memcmp(data, "ok", 2) == 0)
        return;
    while (at < len && c->state >= CLIENT_UPGRADING && c->state < CLIENT_ENDED) {
        size_t size = next_packet(c, data + at, len - at, &head);
        on_packet(c, data + at + head, size);
        at += head + size;
    }
}

static size_t
content_length(const char *head, size_t len)
{
    static const char *const names[] = { "\nContent-Length: ", "\ncontent-length: " };

    for (size_t i = 0; i < 2; i++) {
        const char *found = memmem(head, len, names[i], strlen(names[i]));
        if (found != NULL)
            return strtoul(found + strlen(names[i]), NULL, 10);
    }
    return 0;
}

static size_t
take_answer(struct client *c, const char *data, size_t len)
{
    const char *end = memmem(data, len, "\r\n\r\n", 4);
    size_t head = end != NULL ? (size_t)(end - data) + 4 : 0;
    size_t body = head > 0 ? content_length(data, head) : 0;

    if (head == 0 || len - head < body)
        return 0;
    if (memcmp(data, "HTTP/1.1 200", 12) != 0) {
        client_end(c);
        return len;
    }
    c->asked--;
    on_body(c, data + head, body);
    return head + body;
}

static size_t
take(struct client *c, const char *data, size_t len)
{
    size_t at = 0;

    while (at < len && c->state >= CLIENT_UPGRADING && c->state < CLIENT_ENDED) {
        size_t whole = take_answer(c, data + at, len - at);
        if (whole == 0)
            break;
        at += whole;
        if (c->asked == 0 && c->state > CLIENT_UPGRADING && c->state < CLIENT_ENDED &&
            !request(c, "GET", NULL, 0))
            client_end(c);
    }
    return at;
}

const struct transport transport_polling = { .begin = begin, .take = take, .say = say };
