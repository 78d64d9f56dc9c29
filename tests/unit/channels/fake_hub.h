/* SPDX-License-Identifier: MIT */
/*
 * fake_hub: a worker's link to the hub, for scene.h alone: what is posted goes into the story, and
 * the test says when the answers come.
 */
#ifndef TEST_CHANNELS_FAKE_HUB_H
#define TEST_CHANNELS_FAKE_HUB_H

static const struct hub_link_handlers *hub_handlers;
static void *hub_owner;
static bool hub_full;

struct question {
    hub_link_answer *on_answer;
    hub_link_list *on_list;
    void *owner;
};

static struct question questions[ASKS_MAX];
static uint32_t last_token;
static int forgotten;
static int socket_count;

void
hub_link_attach(struct hub_link *k, const struct hub_link_handlers *h, void *owner)
{
    (void)k;
    hub_handlers = h;
    hub_owner = owner;
}

void
hub_link_join(struct hub_link *k, struct bytes *name)
{
    (void)k;
    tell("join %.*s", STR_ARG(bytes_str(name)));
}

void
hub_link_leave(struct hub_link *k, struct bytes *name)
{
    (void)k;
    tell("leave %.*s", STR_ARG(bytes_str(name)));
}

uint32_t
hub_link_sync(struct hub_link *k, hub_link_answer *on_answer, void *owner)
{
    (void)k;
    questions[++last_token] = (struct question){ .on_answer = on_answer, .owner = owner };
    return last_token;
}

uint32_t
hub_link_enter(
    struct hub_link *k, const struct presence_member *m, hub_link_list *on_list, void *owner)
{
    (void)k;
    tell("enter %.*s %.*s user %.*s %.*s", STR_ARG(m->channel), STR_ARG(m->id), STR_ARG(m->user),
        STR_ARG(m->data));
    questions[++last_token] = (struct question){ .on_list = on_list, .owner = owner };
    return last_token;
}

uint32_t
hub_link_members(struct hub_link *k, struct str channel, hub_link_list *on_list, void *owner)
{
    (void)k;
    tell("members %.*s", STR_ARG(channel));
    questions[++last_token] = (struct question){ .on_list = on_list, .owner = owner };
    return last_token;
}

void
hub_link_depart(struct hub_link *k, struct str channel, struct str id)
{
    (void)k;
    tell("depart %.*s %.*s", STR_ARG(channel), STR_ARG(id));
}

void
hub_link_sockets(struct hub_link *k, int change)
{
    (void)k;
    socket_count += change;
}

void
hub_link_forget(struct hub_link *k, uint32_t token)
{
    (void)k;
    questions[token] = (struct question){ 0 };
    forgotten++;
}

void
hub_link_whisper(struct hub_link *k, struct str channel, struct bytes *text, struct str except)
{
    (void)k;
    tell("whisper %.*s but %.*s in %.*s", STR_ARG(bytes_str(text)), STR_ARG(except),
        STR_ARG(channel));
}

bool
hub_link_full(const struct hub_link *k)
{
    (void)k;
    return hub_full;
}

static inline void
hub_answers_all(void)
{
    for (uint32_t t = 1; t <= last_token; t++) {
        struct question q = questions[t];

        questions[t].on_answer = NULL;
        if (q.on_answer)
            q.on_answer(q.owner, t);
    }
}

static inline void
hub_lists(const char *list)
{
    struct bytes *text = bytes_new(list, strlen(list));

    for (uint32_t t = 1; t <= last_token; t++) {
        struct question q = questions[t];

        questions[t].on_list = NULL;
        if (q.on_list)
            q.on_list(q.owner, t, text);
    }
    bytes_unref(text);
}

#endif
