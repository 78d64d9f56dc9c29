/* SPDX-License-Identifier: MIT */
/*
 * pages: the requests for bundles and for the demo page (docs/protocol.md, "Client bundle").  The
 * build links in the files; config/cmake/bundles.cmake makes the table of bundles, which is empty
 * without npm.
 */
#include "pages/pages.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "http/http_conn.h"
#include "http/http_request.h"

#define BUNDLE(symbol, generation, name, version) extern const char symbol[], symbol##_end[];
#include "bundles.def"
#undef BUNDLE
extern const char bundle_demo_html[], bundle_demo_html_end[];

/* The linker knows a file's two ends, not its length. */
static const struct bundle {
    const char *generation; /* "v2", "v4" */
    const char *name;       /* "socket.io.js" */
    const char *version;    /* of socket.io-client */
    const char *begin, *end;
} bundles[] = {
#define BUNDLE(symbol, generation, name, version)                                                  \
    { generation, name, version, symbol, symbol##_end },
#include "bundles.def"
#undef BUNDLE
    { NULL, NULL, NULL, NULL, NULL },
};

struct pages {
    const struct pages_options *options;
    struct buffer demo; /* the page with this server's client filled in */
};

/*
 * Where a bundle lies under the engine's path.  A prefix of the URL's rest decides, as in
 * Socket.IO 2 ("socket.io.js?x=1"), so longer names come first.
 */
struct place {
    const char *url;
    const char *generation, *name;
    const char *type;
    bool cacheable;
    bool weak_etag; /* Socket.IO 4 also accepts If-None-Match: W/"..." */
};

static const struct place places[] = {
    { "socket.io.js.map", "v2", "socket.io.js.map", "application/json", false, false },
    { "socket.io.js", "v2", "socket.io.js", "application/javascript", true, false },
    { "v4/socket.io.js.map", "v4", "socket.io.js.map", "application/json", false, true },
    { "v4/socket.io.js", "v4", "socket.io.js", "application/javascript; charset=utf-8", true,
        true },
    { "v4/socket.io.min.js.map", "v4", "socket.io.min.js.map", "application/json", false, true },
    { "v4/socket.io.min.js", "v4", "socket.io.min.js", "application/javascript; charset=utf-8",
        true, true },
};

/* Two symbols of one file; to the compiler they are two objects. */
static struct str
between(const char *begin, const char *end)
{
    return str_slice(begin, (size_t)((uintptr_t)end - (uintptr_t)begin));
}

static void
fill_in(struct buffer *out, struct str page, const char *mark, const char *value)
{
    size_t len = strlen(mark);

    while (page.len > 0) {
        const char *at = memmem(page.data, page.len, mark, len);
        size_t before = at ? (size_t)(at - page.data) : page.len;

        buffer_append(out, page.data, before);
        if (!at)
            return;
        buffer_append_text(out, value);
        page = str_slice(at + len, page.len - before - len);
    }
}

static void
make_demo(struct pages *p)
{
    const char *marks[] = { "{{PATH}}", "{{APP_ID}}", "{{KEY}}" };
    const char *values[] = { p->options->path, p->options->demo_app_id, p->options->demo_key };

    buffer_append_str(&p->demo, between(bundle_demo_html, bundle_demo_html_end));
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        struct buffer next = { 0 };

        fill_in(&next, buffer_str(&p->demo), marks[i], values[i]);
        buffer_fini(&p->demo);
        p->demo = next;
    }
}

struct pages *
pages_open(const struct pages_options *o)
{
    struct pages *p = mem_zalloc(sizeof(*p));

    p->options = o;
    if (o->demo_key)
        make_demo(p);
    return p;
}

void
pages_set_options(struct pages *p, const struct pages_options *o)
{
    p->options = o;
}

void
pages_close(struct pages *p)
{
    if (!p)
        return;
    buffer_fini(&p->demo);
    free(p);
}

/* A name that a page of another origin could not have reached us by (DNS rebinding). */
static bool
host_is_loopback(const struct http_request *r)
{
    struct str host = http_request_header(r, "Host");
    struct str rest;

    if (str_starts(host, "[::1]"))
        return true;
    host = str_cut(host, ':', &rest);
    return str_is_nocase(host, "localhost") || str_is(host, "127.0.0.1");
}

static bool
offer_demo(struct pages *p, struct http_exchange *x, const struct http_request *r)
{
    if (p->demo.len == 0 || !str_is(r->path, "/") || r->upgrade || !host_is_loopback(r))
        return false;
    if (r->method != HTTP_METHOD_GET && r->method != HTTP_METHOD_HEAD)
        return false;
    http_exchange_reply(
        x, &(struct http_reply){
               .status = 200,
               .type = "text/html; charset=utf-8",
               .headers = STR_LIT("Cache-Control: no-store\r\nX-Frame-Options: DENY\r\n"),
               .body = buffer_str(&p->demo),
           });
    return true;
}

static void
reply_bundle(struct http_exchange *x, const struct http_request *r, const struct place *place)
{
    const struct bundle *file = bundles;
    struct str known = http_request_header(r, "If-None-Match");
    char etag[32], headers[128], text[256];

    while (file->name && (strcmp(file->generation, place->generation) != 0 ||
                             strcmp(file->name, place->name) != 0))
        file++;
    if (!file->name) {
        snprintf(text, sizeof(text),
            "%s of socket.io-client %s is not part of this build of echo-server: npm was missing "
            "when it was built. Build it where npm is installed.\n",
            place->name, place->generation);
        http_exchange_reply_text(x, 404, "text/plain; charset=utf-8", text);
        return;
    }
    snprintf(etag, sizeof(etag), "\"%s\"", file->version);
    if (place->weak_etag && str_starts(known, "W/"))
        known = str_slice(known.data + 2, known.len - 2);
    if (str_is(known, etag)) {
        http_exchange_reply(x, &(struct http_reply){ .status = 304 });
        return;
    }
    snprintf(headers, sizeof(headers), "%sETag: %s\r\n",
        place->cacheable ? "Cache-Control: public, max-age=0\r\n" : "", etag);
    http_exchange_reply(x, &(struct http_reply){
                               .status = 200,
                               .type = place->type,
                               .headers = str_of(headers),
                               .body = between(file->begin, file->end),
                           });
}

bool
pages_offer(void *pages, struct http_exchange *x, const struct http_request *r)
{
    struct pages *p = pages;
    struct str rest;

    if (!p->options->serve_client || !str_starts(r->path, p->options->path) || r->upgrade)
        return offer_demo(p, x, r);
    rest =
        str_slice(r->path.data + strlen(p->options->path), r->path.len - strlen(p->options->path));
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        if (!str_starts(rest, places[i].url))
            continue;
        reply_bundle(x, r, &places[i]);
        return true;
    }
    return false;
}
