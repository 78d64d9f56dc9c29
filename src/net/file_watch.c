/* SPDX-License-Identifier: MIT */
/*
 * file_watch: libuv's file system events, a watch a folder.
 *
 * For /live/a/cert.pem the folder /live/a; for /ssl/N/cert.pem with a pattern in place of N, /ssl
 * and each folder that matches; where a part of the path is a symbolic link, the folder that the
 * link lies in, and the one of the file it leads to.
 */
#include "net/file_watch.h"

#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop_priv.h"
#include "net/timer.h"

enum {
    SETTLE_MS = 300,
    PERIOD_MS = 60000,
    RESTLESS_MS = 3000, /* a folder that never settles is looked at all the same */
    FOLDERS_MAX = 256,
};

/* Owned by its watch, from its closing on by libuv. */
struct folder {
    struct list node;
    struct file_watch *watch;
    uv_fs_event_t event;
    char *path;
    dev_t device; /* a folder that was made anew is another one */
    ino_t inode;
    bool wanted;
    bool stale; /* perhaps gone: the watch begins anew */
};

struct file_watch {
    struct loop *loop;
    struct file_watch_options options;
    void (*on_change)(void *owner);
    void *owner;
    struct list folders;
    size_t folder_count;
    char **paths;
    size_t path_count;
    struct timer settle, period;
    uint64_t restless_ms; /* when the first event came that was not told; 0: none */
    bool limited;         /* said so */
};

/* ---- folders ---- */

static void
on_folder_closed(uv_handle_t *handle)
{
    struct folder *f = CONTAINER_OF(handle, struct folder, event);

    free(f->path);
    free(f);
}

static void
drop_folder(struct folder *f)
{
    list_remove(&f->node);
    f->watch->folder_count--;
    uv_close((uv_handle_t *)&f->event, on_folder_closed);
}

/* What happens to the folder itself comes under its own name; a file of that name does no harm. */
static bool
may_be_gone(const struct folder *f, const char *name, int events, int status)
{
    const char *slash = strrchr(f->path, '/');

    return status < 0 ||
           (name && (events & UV_RENAME) && strcmp(name, slash ? slash + 1 : f->path) == 0);
}

static void
on_event(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct folder *f = CONTAINER_OF(handle, struct folder, event);
    struct file_watch *w = f->watch;

    f->stale |= may_be_gone(f, name, events, status);
    if (w->restless_ms == 0)
        w->restless_ms = loop_now_ms(w->loop);
    if (loop_now_ms(w->loop) - w->restless_ms < RESTLESS_MS)
        timer_start(w->loop, &w->settle, w->options.settle_ms);
}

static struct folder *
find(const struct file_watch *w, const struct stat *st)
{
    LIST_EACH(node, &w->folders)
    {
        struct folder *f = LIST_ENTRY(node, struct folder, node);

        if (!f->stale && f->device == st->st_dev && f->inode == st->st_ino)
            return f;
    }
    return NULL;
}

/* The minute's look does without it. */
static void
say_limit(struct file_watch *w, const char *path, int error)
{
    char reason[128];

    if (w->limited)
        return;
    w->limited = true;
    log_notice("a folder cannot be watched, and is looked at every minute folder=%s reason=%s",
        LOG_STR(str_of(path)), LOG_STR(str_of(uv_strerror_r(error, reason, sizeof(reason)))));
}

static void
want_folder(struct file_watch *w, const char *path)
{
    struct stat st;
    struct folder *f;
    int error;

    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return;
    f = find(w, &st);
    if (f) {
        f->wanted = true;
        return;
    }
    if (w->folder_count == FOLDERS_MAX)
        return;
    f = mem_zalloc(sizeof(*f));
    f->watch = w;
    f->path = mem_strdup(path);
    f->device = st.st_dev;
    f->inode = st.st_ino;
    f->wanted = true;
    ENSURE(uv_fs_event_init(&w->loop->uv, &f->event) == 0);
    list_append(&w->folders, &f->node);
    w->folder_count++;
    error = uv_fs_event_start(&f->event, on_event, path, 0);
    if (error)
        say_limit(w, path, error);
}

/* ---- from paths to folders ---- */

/* The folder that the first len bytes of path, a name, lie in. */
static void
want_parent(struct file_watch *w, const char *path, size_t len)
{
    char folder[PATH_MAX];

    while (len > 0 && path[len - 1] != '/')
        len--;
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (len == 0) {
        want_folder(w, ".");
        return;
    }
    if (len >= sizeof(folder))
        return;
    memcpy(folder, path, len);
    folder[len] = 0;
    want_folder(w, folder);
}

/* Where a part of path is a link, the folder of the link: replacing it replaces the file. */
static void
want_links(struct file_watch *w, const char *path)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    struct stat st;

    if (len >= sizeof(part))
        return;
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && i != len)
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (lstat(part, &st) == 0 && S_ISLNK(st.st_mode))
            want_parent(w, path, i);
    }
}

static void
want_file(struct file_watch *w, const char *path)
{
    char *real = realpath(path, NULL);

    want_parent(w, path, strlen(path));
    want_links(w, path);
    if (real)
        want_parent(w, real, strlen(real));
    free(real);
}

static void
want_match(struct file_watch *w, const char *path, bool is_file)
{
    if (is_file)
        want_file(w, path);
    else
        want_folder(w, path);
}

/* A pattern is looked at part by part: what matches "/ssl/?*" may become a folder of interest. */
static void
want_pattern(struct file_watch *w, const char *path)
{
    size_t len = strcspn(path, "*?[");

    want_parent(w, path, len);
    while (path[len]) {
        char part[PATH_MAX];
        glob_t found;

        len += strcspn(path + len, "/");
        if (len >= sizeof(part))
            return;
        memcpy(part, path, len);
        part[len] = 0;
        if (glob(part, GLOB_NOSORT, NULL, &found) == 0) {
            for (size_t i = 0; i < found.gl_pathc; i++)
                want_match(w, found.gl_pathv[i], path[len] == 0);
            globfree(&found);
        }
        len += strspn(path + len, "/");
    }
}

/* Folders come and go with the files, so they are found anew each time. */
static void
update(struct file_watch *w)
{
    LIST_EACH(node, &w->folders)
    {
        struct folder *f = LIST_ENTRY(node, struct folder, node);

        f->wanted = false;
    }
    for (size_t i = 0; i < w->path_count; i++) {
        if (strpbrk(w->paths[i], "*?["))
            want_pattern(w, w->paths[i]);
        else
            want_file(w, w->paths[i]);
    }
    LIST_EACH(node, &w->folders)
    {
        struct folder *f = LIST_ENTRY(node, struct folder, node);

        if (!f->wanted)
            drop_folder(f);
    }
}

/* ---- the whole ---- */

/* Calls up. */
static void
tell(void *owner)
{
    struct file_watch *w = owner;

    w->restless_ms = 0;
    timer_stop(&w->settle);
    timer_start(w->loop, &w->period, w->options.period_ms);
    update(w);
    w->on_change(w->owner);
}

struct file_watch *
file_watch_open(
    struct loop *l, const struct file_watch_options *o, void (*on_change)(void *owner), void *owner)
{
    struct file_watch *w = mem_zalloc(sizeof(*w));

    w->loop = l;
    if (o)
        w->options = *o;
    if (w->options.settle_ms == 0)
        w->options.settle_ms = SETTLE_MS;
    if (w->options.period_ms == 0)
        w->options.period_ms = PERIOD_MS;
    w->on_change = on_change;
    w->owner = owner;
    list_init(&w->folders);
    timer_init(&w->settle, tell, w);
    timer_init(&w->period, tell, w);
    timer_start(l, &w->period, w->options.period_ms);
    return w;
}

static void
forget_paths(struct file_watch *w)
{
    for (size_t i = 0; i < w->path_count; i++)
        free(w->paths[i]);
    free(w->paths);
    w->paths = NULL;
    w->path_count = 0;
}

void
file_watch_set(struct file_watch *w, const char *const *paths, size_t count)
{
    forget_paths(w);
    w->paths = mem_resize(NULL, count, sizeof(*w->paths));
    for (size_t i = 0; i < count; i++)
        if (paths[i])
            w->paths[w->path_count++] = mem_strdup(paths[i]);
    update(w);
}

void
file_watch_close(struct file_watch *w)
{
    if (!w)
        return;
    timer_stop(&w->settle);
    timer_stop(&w->period);
    while (!list_empty(&w->folders))
        drop_folder(LIST_ENTRY(w->folders.next, struct folder, node));
    forget_paths(w);
    free(w);
}
