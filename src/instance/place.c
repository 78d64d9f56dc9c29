/* SPDX-License-Identifier: MIT */
/*
 * place: --config, --dir and the two default names; ECHO_SERVER_LOCK_DIR for users who may not
 * write beside the configuration: a service, a container with a read-only root.
 */
#include "instance/place.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/mem.h"

#define LOCK_DIR_VARIABLE "ECHO_SERVER_LOCK_DIR"

static const char *const default_names[] = { "echo-server.json", "laravel-echo-server.json" };

static char *
join(const char *dir, const char *name)
{
    struct buffer b = { 0 };
    char *path;

    if (dir && *name != '/')
        buffer_printf(&b, "%s%s", dir, str_ends(str_of(dir), "/") ? "" : "/");
    buffer_append_text(&b, name);
    path = mem_copy_text(b.data, b.len);
    buffer_fini(&b);
    return path;
}

/* Without ".json", with another ending. */
static char *
with_ending(const char *file, const char *ending)
{
    const char *dir = getenv(LOCK_DIR_VARIABLE), *slash = strrchr(file, '/');
    struct str stem;
    struct buffer b = { 0 };
    char *path;

    if (dir && *dir) {
        buffer_printf(&b, "%s/", dir);
        file = slash ? slash + 1 : file;
    }
    stem = str_of(file);
    if (str_ends(stem, ".json"))
        stem.len -= 5;
    buffer_printf(&b, "%.*s%s", STR_ARG(stem), ending);
    path = mem_copy_text(b.data, b.len);
    buffer_fini(&b);
    return path;
}

void
place_init(struct place *p, const char *dir, const char *config)
{
    char *meant;

    *p = (struct place){ 0 };
    if (config)
        p->file = join(dir, config);
    for (size_t i = 0; i < COUNT_OF(default_names) && !p->file; i++) {
        char *file = join(dir, default_names[i]);

        if (access(file, F_OK) == 0)
            p->file = file;
        else
            free(file);
    }
    p->exists = p->file && access(p->file, F_OK) == 0;
    meant = p->file ? mem_strdup(p->file) : join(dir, default_names[0]);
    p->lock_path = with_ending(meant, ".lock");
    p->failed_path = with_ending(meant, ".failed");
    free(meant);
}

void
place_fini(struct place *p)
{
    free(p->file);
    free(p->lock_path);
    free(p->failed_path);
    *p = (struct place){ 0 };
}
