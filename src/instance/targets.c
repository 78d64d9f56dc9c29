/* SPDX-License-Identifier: MIT */
/*
 * targets: the named or default place, then what lies in its folder.
 */
#include "instance/targets.h"

#include <dirent.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/str.h"
#include "config/config.h"

/* Takes the place over. */
static struct target *
target_add(struct targets *t, struct place *p, const char *port, const struct process_birth *than)
{
    struct config_setting setting = { "port", port, "--port" };
    struct target *item = &t->items[t->count++];

    item->place = *p;
    item->config = config_load(&(struct config_request){ .file = p->exists ? p->file : NULL,
        .settings = &setting,
        .setting_count = port ? 1 : 0,
        .lenient = true });
    item->where = (struct running_place){
        .lock_path = p->lock_path,
        .host = running_host(item->config),
        .port = (unsigned)item->config->port,
        .than = than,
    };
    return item;
}

static const char *
base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Without a file the port is a default, where the server of somebody else may run. */
static void
target_add_first(struct targets *t, const struct targets_named *a, const struct process_birth *than)
{
    struct place p;
    struct target *item;

    place_init(&p, a->dir, a->config);
    if (a->config && !p.exists)
        log_warning("%s: there is no such file", p.file);
    item = target_add(t, &p, a->port, than);
    if (!p.exists && !a->port)
        item->where.config_name = p.file ? base_name(p.file) : "";
}

static bool
is_known(const struct targets *t, const char *lock_path)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->items[i].place.lock_path, lock_path) == 0)
            return true;
    return false;
}

/* By its name, a configuration; by its lock, a server. */
static bool
is_of_interest(struct str name, const struct place *p, const struct process_birth *than)
{
    const struct running_place by_lock = { .lock_path = p->lock_path, .than = than };
    struct running found;

    if (str_contains(name, "echo-server") && p->exists)
        return true;
    return running_find(&by_lock, &found) && found.pid;
}

/* "x.json" or "x.lock" stands for the place of x.json. */
static void
target_add_of_folder(struct targets *t, const struct targets_named *a, const char *entry,
    const struct process_birth *than)
{
    struct str name = str_of(entry);
    struct buffer file = { 0 };
    struct target *item;
    struct place p;

    if (!str_ends(name, ".json") && !str_ends(name, ".lock"))
        return;
    buffer_printf(&file, "%.*s.json%c", (int)name.len - 5, name.data, 0);
    place_init(&p, a->dir, file.data);
    if (is_known(t, p.lock_path) || !is_of_interest(name, &p, than)) {
        place_fini(&p);
    } else {
        item = target_add(t, &p, NULL, than);
        item->where.config_name = base_name(item->place.file);
    }
    buffer_fini(&file);
}

void
targets_init(struct targets *t, const struct targets_named *a, const struct process_birth *than)
{
    const struct dirent *entry;
    DIR *folder;

    *t = (struct targets){ 0 };
    target_add_first(t, a, than);
    if (a->config || a->port)
        return;
    folder = opendir(a->dir ? a->dir : ".");
    if (!folder)
        return;
    while (t->count < TARGETS_MAX && (entry = readdir(folder)) != NULL)
        target_add_of_folder(t, a, entry->d_name, than);
    closedir(folder);
}

static void
target_drop(struct target *item)
{
    place_fini(&item->place);
    config_free(item->config);
}

void
targets_fini(struct targets *t)
{
    for (size_t i = 0; i < t->count; i++)
        target_drop(&t->items[i]);
    t->count = 0;
}

void
targets_keep(struct targets *t, size_t index)
{
    for (size_t i = 0; i < t->count; i++)
        if (i != index)
            target_drop(&t->items[i]);
    t->items[0] = t->items[index];
    t->count = 1;
}

static void
say_several(const struct target *one, const struct running *r, bool first)
{
    if (first)
        log_error("several servers are running here: choose one with --config");
    log_error("  --config=%s: process %d", base_name(one->place.file), (int)r->pid);
}

enum targets_choice
targets_choose(const struct targets *t, size_t *index, struct running *found)
{
    enum targets_choice choice = TARGETS_NONE;

    for (size_t i = 0; i < t->count; i++) {
        struct running r;

        if (!running_find(&t->items[i].where, &r) ||
            (choice != TARGETS_NONE && r.pid == found->pid))
            continue;
        if (choice == TARGETS_NONE) {
            choice = TARGETS_ONE;
            *found = r;
            *index = i;
            if (i == 0)
                break;
            continue;
        }
        if (choice == TARGETS_ONE)
            say_several(&t->items[*index], found, true);
        say_several(&t->items[i], &r, false);
        choice = TARGETS_SEVERAL;
    }
    return choice;
}
