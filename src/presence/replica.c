/* SPDX-License-Identifier: MIT */
/*
 * replica: entries by connection, users by their id, and the order of arrival as a list.
 */
#include "presence/replica.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "json/json_scan.h"

struct entry;

struct user {
    size_t entries;
    uint64_t mark;        /* the last walk that met it */
    struct list touched;  /* in replica.touched while another truth is put in place */
    size_t before;        /* entries when it was touched */
    struct entry *newest; /* the last added; NULL once that one is gone */
    struct bytes *last;   /* the member that went last */
    size_t key_len;
    char key[];
};

struct entry {
    struct list node; /* in replica.order */
    struct user *user;
    struct bytes *member;
    uint64_t seq;
    bool seen;
    size_t conn_len;
    char conn[];
};

/*
 * Invariants: order has each of entries once; a user is in users while it has entries, and while it
 * is touched; no user is touched unless replacing, which begin turns on and end turns off.
 */
struct replica {
    replica_on_user *on_user;
    void *owner;
    struct map entries, users; /* conn -> struct entry, id -> struct user; owned */
    struct list order;         /* oldest first */
    struct list touched;
    uint64_t last_seq, mark;
    bool replacing;
};

static struct str
conn_of(const struct entry *e)
{
    return str_slice(e->conn, e->conn_len);
}

static struct str
key_of(const struct user *u)
{
    return str_slice(u->key, u->key_len);
}

struct replica *
replica_new(replica_on_user *on_user, void *owner)
{
    struct replica *r = mem_zalloc(sizeof(*r));

    r->on_user = on_user;
    r->owner = owner;
    list_init(&r->order);
    list_init(&r->touched);
    return r;
}

static void
entry_free(struct entry *e)
{
    list_remove(&e->node);
    bytes_unref(e->member);
    free(e);
}

static void
user_free(struct user *u)
{
    list_remove(&u->touched);
    bytes_unref(u->last);
    free(u);
}

void
replica_free(struct replica *r)
{
    struct entry *e;
    struct user *u;

    if (!r)
        return;
    for (size_t i = 0; (e = map_next(&r->entries, &i));)
        entry_free(e);
    ENSURE(list_empty(&r->order));
    for (size_t i = 0; (u = map_next(&r->users, &i));)
        user_free(u);
    map_fini(&r->entries);
    map_fini(&r->users);
    free(r);
}

/* While another truth is put in place users are judged at its end. */
static void
user_touch(struct replica *r, struct user *u)
{
    if (!r->replacing || !list_empty(&u->touched))
        return;
    u->before = u->entries;
    list_append(&r->touched, &u->touched);
}

static void
user_forget(struct replica *r, struct user *u)
{
    ENSURE(u->entries == 0);
    map_remove(&r->users, key_of(u));
    user_free(u);
}

static struct entry *
entry_add(struct replica *r, const struct replica_item *item)
{
    struct entry *e = mem_zalloc(sizeof(*e) + item->conn.len);
    struct user *u = map_get(&r->users, item->user);

    if (!u) {
        u = mem_zalloc(sizeof(*u) + item->user.len);
        list_init(&u->touched);
        u->key_len = item->user.len;
        memcpy(u->key, item->user.data, item->user.len);
        map_put(&r->users, key_of(u), u);
    }
    e->user = u;
    e->member = item->text ? bytes_ref(item->text) : bytes_new(item->member.data, item->member.len);
    e->seq = item->seq > 0 ? item->seq : r->last_seq + 1;
    e->conn_len = item->conn.len;
    memcpy(e->conn, item->conn.data, item->conn.len);
    if (e->seq > r->last_seq)
        r->last_seq = e->seq;
    list_append(&r->order, &e->node);
    map_put(&r->entries, conn_of(e), e);
    user_touch(r, u);
    u->entries++;
    u->newest = e;
    return e;
}

void
replica_enter(struct replica *r, const struct replica_item *item)
{
    struct entry *e;

    if (map_get(&r->entries, item->conn))
        return;
    e = entry_add(r, item);
    if (e->user->entries == 1 && !r->replacing)
        r->on_user(r->owner, true, item->member);
}

/* Returns the user, whose last is the member of the entry. */
static struct user *
entry_take_off(struct replica *r, struct entry *e)
{
    struct user *u = e->user;

    ENSURE(u->entries > 0);
    user_touch(r, u);
    u->entries--;
    bytes_unref(u->last);
    u->last = bytes_ref(e->member);
    if (u->newest == e)
        u->newest = NULL;
    map_remove(&r->entries, conn_of(e));
    entry_free(e);
    return u;
}

void
replica_leave(struct replica *r, struct str conn)
{
    struct entry *e = map_get(&r->entries, conn);
    struct user *u;

    if (!e)
        return;
    u = entry_take_off(r, e);
    if (u->entries > 0 || r->replacing)
        return;
    r->on_user(r->owner, false, bytes_str(u->last));
    user_forget(r, u);
}

size_t
replica_entries(const struct replica *r)
{
    return r->entries.count;
}

size_t
replica_users(const struct replica *r)
{
    return r->users.count;
}

/* ---- another truth ---- */

void
replica_begin(struct replica *r)
{
    ENSURE(!r->replacing && list_empty(&r->touched));
    r->replacing = true;
    LIST_EACH(node, &r->order)
        LIST_ENTRY(node, struct entry, node)->seen = false;
}

void
replica_see(struct replica *r, const struct replica_item *item)
{
    struct entry *e = map_get(&r->entries, item->conn);

    ENSURE(r->replacing);
    if (!e)
        e = entry_add(r, item);
    e->seen = true;
    if (item->seq > 0)
        e->seq = item->seq;
    if (e->seq > r->last_seq)
        r->last_seq = e->seq;
}

bool
replica_keep(struct replica *r, struct str conn)
{
    struct entry *e = map_get(&r->entries, conn);

    ENSURE(r->replacing);
    if (e)
        e->seen = true;
    return e;
}

static int
by_seq(const void *a, const void *b)
{
    const struct entry *const *x = a, *const *y = b;

    return (*x)->seq < (*y)->seq ? -1 : (*x)->seq > (*y)->seq;
}

/* An entry may have come at another place than its own. */
static void
restore_order(struct replica *r)
{
    struct entry **all = mem_alloc(r->entries.count * sizeof(struct entry *));
    size_t n = 0;

    LIST_EACH(node, &r->order)
        all[n++] = LIST_ENTRY(node, struct entry, node);
    ENSURE(n == r->entries.count);
    qsort(all, n, sizeof(struct entry *), by_seq);
    for (size_t i = 0; i < n; i++) {
        list_remove(&all[i]->node);
        list_append(&r->order, &all[i]->node);
    }
    free(all);
}

void
replica_end(struct replica *r, bool keep_missing)
{
    ENSURE(r->replacing);
    LIST_EACH(node, &r->order) {
        struct entry *e = LIST_ENTRY(node, struct entry, node);

        if (!e->seen && !keep_missing)
            entry_take_off(r, e);
    }
    r->replacing = false;
    restore_order(r);
    LIST_EACH(node, &r->touched) {
        struct user *u = LIST_ENTRY(node, struct user, touched);

        list_remove(&u->touched);
        ENSURE(u->before > 0 || u->entries == 0 || u->newest);
        if (u->before == 0 && u->entries > 0)
            r->on_user(r->owner, true, bytes_str(u->newest->member));
        else if (u->before > 0 && u->entries == 0)
            r->on_user(r->owner, false, bytes_str(u->last));
        if (u->entries == 0)
            user_forget(r, u);
    }
}

/* ---- lists ---- */

/* Whether this walk meets the user for the first time. */
static bool
first_meeting(const struct replica *r, struct user *u)
{
    if (u->mark == r->mark)
        return false;
    u->mark = r->mark;
    return true;
}

/* The next entry before *node, of a user that this walk has not met yet; NULL: there is none. */
static struct entry *
next_newest(const struct replica *r, const struct list **node)
{
    for (*node = (*node)->prev; *node != &r->order; *node = (*node)->prev) {
        struct entry *e = LIST_ENTRY(*node, struct entry, node);

        if (first_meeting(r, e->user))
            return e;
    }
    return NULL;
}

static char *
copy(char *at, struct str s)
{
    memcpy(at, s.data, s.len);
    return at + s.len;
}

/* Lists are as long as the room and each joiner has its own: they are copied once, into place. */
struct bytes *
replica_list(struct replica *r, struct str channel)
{
    size_t members = 0; /* bytes, each with a comma after it */
    struct buffer head = { 0 };
    const struct list *node;
    struct bytes *text;
    struct entry *e;
    char *at;

    buffer_append_text(&head, "42[\"presence:subscribed\",");
    json_scan_quote(channel, &head);
    buffer_append_text(&head, ",[");
    r->mark++;
    for (node = &r->order; (e = next_newest(r, &node));)
        members += e->member->len + 1;
    text = bytes_alloc(head.len + members + (members > 0 ? 1 : 2));
    at = copy(text->data, buffer_str(&head));
    buffer_fini(&head);
    r->mark++;
    for (node = &r->order; (e = next_newest(r, &node));) {
        at = copy(at, bytes_str(e->member));
        *at++ = ',';
    }
    at = copy(members > 0 ? at - 1 : at, STR_LIT("]]"));
    ENSURE(at == text->data + text->len);
    return text;
}

/* {"id":user_id,"user_info":user_info}; what the member does not have is left out. */
static void
append_user(struct buffer *out, struct str member)
{
    struct str id = json_scan_get(member, "user_id");
    struct str info = json_scan_get(member, "user_info");

    buffer_append_char(out, '{');
    if (id.len > 0) {
        buffer_append_text(out, "\"id\":");
        buffer_append_str(out, id);
    }
    if (info.len > 0) {
        buffer_append_text(out, id.len > 0 ? ",\"user_info\":" : "\"user_info\":");
        buffer_append_str(out, info);
    }
    buffer_append_char(out, '}');
}

void
replica_users_json(struct replica *r, struct buffer *out)
{
    char before = '[';

    r->mark++;
    LIST_EACH(node, &r->order) {
        struct entry *e = LIST_ENTRY(node, struct entry, node);

        if (!first_meeting(r, e->user))
            continue;
        buffer_append_char(out, before);
        append_user(out, bytes_str(e->member));
        before = ',';
    }
    buffer_append_text(out, before == '[' ? "[]" : "]");
}
