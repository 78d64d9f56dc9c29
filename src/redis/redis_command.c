/* SPDX-License-Identifier: MIT */
/*
 * redis_command: what is said to a cluster.
 */
#include "redis_command.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "redis_contact.h"
#include "redis_masters.h"
#include "redis_request.h"

/* Of EVALSHA the first key, of all else the second word; a channel is as good as a key. */
static struct str
key_of(const struct str *argv, size_t argc)
{
    size_t at = str_is_nocase(argv[0], "EVALSHA") ? 3 : 1;

    return at < argc ? argv[at] : str_slice("", 0);
}

struct redis_command *
redis_command_new(const struct str *argv, size_t argc)
{
    struct redis_command *m = mem_zalloc(sizeof(*m));

    list_init(&m->node);
    m->request = redis_request_new(argv, argc);
    m->slot = redis_slots_of(key_of(argv, argc));
    m->everywhere = str_is_nocase(argv[0], "SCRIPT");
    return m;
}

void
redis_command_free(struct redis_command *m)
{
    list_remove(&m->node);
    bytes_unref(m->request);
    free(m->ask_host);
    free(m);
}

void
redis_command_answer(struct redis_command *m, const struct redis_value *reply)
{
    void (*on_reply)(void *owner, const struct redis_value *reply) = m->on_reply;
    void *owner = m->owner;

    redis_command_free(m);
    if (on_reply)
        on_reply(owner, reply);
}

void
redis_command_ask(
    struct redis_command *m, struct redis_masters *to, const struct redis_slots_redirection *where)
{
    free(m->ask_host);
    m->ask_host = mem_copy_text(where->host.data, where->host.len);
    m->ask_port = where->port;
    if (!redis_masters_find(to, where->host, where->port))
        (void)redis_masters_add(to, where->host, where->port);
}

static bool
say_asking(struct redis_contact *contact)
{
    struct bytes *asking = redis_request_new(&STR_LIT("ASKING"), 1);
    bool sent = redis_contact_send(contact, asking, NULL, NULL);

    bytes_unref(asking);
    return sent;
}

bool
redis_command_send(struct redis_command *m, struct redis_masters *to,
    void (*on_reply)(void *command, const struct redis_value *reply))
{
    struct redis_masters_node *asked =
        m->ask_host ? redis_masters_find(to, str_of(m->ask_host), m->ask_port) : NULL;
    struct redis_contact *contact =
        asked ? asked->contact : redis_masters_owner(to, m->slot)->contact;

    free(m->ask_host);
    m->ask_host = NULL;
    if (m->everywhere)
        redis_masters_teach(to, m->request, contact);
    if (asked && !say_asking(contact))
        return false;
    return redis_contact_send(contact, m->request, on_reply, m);
}
