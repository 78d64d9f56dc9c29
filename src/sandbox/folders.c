/* SPDX-License-Identifier: MIT */
/*
 * folders: of a path in the configuration, these are its folders: the one in which the file is, or
 * in which a pattern begins; the one that each link on the way lies in; and those of the files that
 * it all leads to.
 */
#include "folders.h"

#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/config.h"

struct folders {
    void (*each)(void *owner, const char *path);
    void *owner;
};

static bool
is_in_root(const char *path, const char *slash)
{
    char here[2];

    return slash ? slash == path : getcwd(here, sizeof(here)) != NULL;
}

/* The folder of a file; what is right below the root stands for itself. */
static void
say_folder_of(const struct folders *f, const char *path, size_t len)
{
    const char *slash = memrchr(path, '/', len);
    char *folder;

    if (is_in_root(path, slash))
        folder = mem_copy_text(path, len);
    else
        folder = slash ? mem_copy_text(path, (size_t)(slash - path)) : mem_strdup(".");
    f->each(f->owner, folder);
    free(folder);
}

/* A link that lies right below the root, like /lib, leads to one place for ever. */
static void
say_links(const struct folders *f, const char *path)
{
    char target[1];

    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        char *way = mem_copy_text(path, (size_t)(slash - path));

        if (strrchr(way, '/') != way && readlink(way, target, sizeof(target)) > 0)
            say_folder_of(f, way, strlen(way));
        free(way);
    }
}

static void
say_target(const struct folders *f, const char *path)
{
    char *target = realpath(path, NULL);

    if (target)
        say_folder_of(f, target, strlen(target));
    free(target);
}

static void
folders_on_file(void *owner, const char *path)
{
    const struct folders *f = owner;
    glob_t found;

    say_folder_of(f, path, strcspn(path, "*?["));
    say_links(f, path);
    say_target(f, path);
    if (!strpbrk(path, "*?[") || glob(path, GLOB_NOSORT, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        say_target(f, found.gl_pathv[i]);
    globfree(&found);
}

void
folders_each(const struct config *c, void (*each)(void *owner, const char *path), void *owner)
{
    struct folders f = { each, owner };

    config_each_file(c, folders_on_file, &f);
}
