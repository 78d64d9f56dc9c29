/* SPDX-License-Identifier: MIT */
/*
 * events: the body, checked and handed to the hub; the answer goes out when the hub has it.
 */
#include "events.h"

#include "api_priv.h"
#include "base/mem.h"
#include "errand.h"
#include "event.h"
#include "json/json_scan.h"

enum { BATCH_MAX = 10000 };

static const char no_object[] = "Request body must be a JSON object";

static void
on_published(void *owner, uint32_t token)
{
    (void)token;
    errand_answer(owner, 200, STR_LIT("{\"message\":\"ok\"}"));
}

static bool
read_object(struct str body, struct str *object)
{
    return json_scan_whole(body, object) && json_scan_kind(*object) == JSON_OBJECT;
}

static void
on_body(struct errand *p, struct str body)
{
    struct event e = { 0 };
    struct str object;
    const char *wrong = read_object(body, &object) ? event_read(&e, object) : no_object;

    if (!wrong)
        p->token = hub_link_publish(p->api->hub, &e.out, on_published, p);
    event_fini(&e);
    if (wrong)
        errand_refuse(p, 400, wrong);
}

void
events_take(struct api *a, struct http_exchange *x)
{
    errand_begin(mem_zalloc(sizeof(struct errand)), a, x, a->limits->body_bytes, on_body);
}

/* ---- several ---- */

static void
on_batch_published(void *owner, uint32_t token)
{
    (void)token;
    errand_answer(owner, 200, STR_LIT("{}"));
}

/* NULL, or what is wrong with the first that is wrong. */
static const char *
check_batch(struct str batch, size_t *count)
{
    struct json_cursor c = json_scan_enter(batch);
    const char *wrong = NULL;
    struct str value;

    while (!wrong && json_scan_element(&c, &value)) {
        struct event e = { 0 };

        wrong = ++*count > BATCH_MAX ? "Too many events" : event_read(&e, value);
        event_fini(&e);
    }
    return wrong;
}

/* The hub takes them in order, so its answer to the last one is an answer to all. */
static void
publish_batch(struct errand *p, struct str batch)
{
    struct json_cursor c = json_scan_enter(batch);
    struct hub_link *hub = p->api->hub;
    struct str value;

    while (json_scan_element(&c, &value)) {
        struct event e = { 0 };

        if (p->token)
            hub_link_forget(hub, p->token);
        if (!event_read(&e, value))
            p->token = hub_link_publish(hub, &e.out, on_batch_published, p);
        event_fini(&e);
    }
}

static void
on_batch_body(struct errand *p, struct str body)
{
    struct str object, batch = str_slice(NULL, 0);
    const char *wrong = no_object;
    size_t count = 0;

    if (read_object(body, &object)) {
        batch = json_scan_get(object, "batch");
        wrong = batch.len > 0 && json_scan_kind(batch) == JSON_ARRAY
                    ? check_batch(batch, &count)
                    : "Batch must be a list of events";
    }
    if (wrong)
        errand_refuse(p, 400, wrong);
    else if (count == 0)
        errand_answer(p, 200, STR_LIT("{}"));
    else
        publish_batch(p, batch);
}

void
events_take_batch(struct api *a, struct http_exchange *x)
{
    errand_begin(mem_zalloc(sizeof(struct errand)), a, x, a->limits->body_bytes, on_batch_body);
}
