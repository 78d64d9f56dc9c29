/* SPDX-License-Identifier: MIT */
/*
 * written: a configuration file for one test, and what loading it says.
 */
#ifndef UNIT_CONFIG_WRITTEN_H
#define UNIT_CONFIG_WRITTEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "config/config.h"

struct written {
    char dir[32], file[64];
    struct buffer errors, warnings, notes; /* one line each, NUL-terminated text by text() */
    struct config *config;
};

static void
hear(void *owner, enum config_severity severity, const char *line)
{
    struct written *w = owner;
    struct buffer *to = severity == CONFIG_ERROR     ? &w->errors
                        : severity == CONFIG_WARNING ? &w->warnings
                                                     : &w->notes;

    buffer_printf(to, "%s\n", line);
}

static inline const char *
text(struct buffer *b)
{
    *buffer_reserve(b, 1) = 0;
    return b->data;
}

static inline int
lines(const struct buffer *b)
{
    int count = 0;

    for (size_t i = 0; i < b->len; i++)
        count += b->data[i] == '\n';
    return count;
}

static inline void
write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");

    if (!file || fputs(content, file) < 0 || fclose(file) != 0)
        abort();
}

/* NULL: an embedded default. */
static inline struct config *
load_with(struct written *w, const char *json, const struct config_setting *settings, size_t count)
{
    struct config_request r = {
        .settings = settings, .setting_count = count, .say = hear, .owner = w
    };

    *w = (struct written){ .dir = "/tmp/echo-config-XXXXXX" };
    if (!mkdtemp(w->dir))
        abort();
    snprintf(w->file, sizeof(w->file), "%s/test.json", w->dir);
    if (json) {
        write_file(w->file, json);
        r.file = w->file;
    }
    return w->config = config_load(&r);
}

static inline struct config *
load(struct written *w, const char *json)
{
    return load_with(w, json, NULL, 0);
}

static inline void
discard(struct written *w)
{
    config_free(w->config);
    buffer_fini(&w->errors);
    buffer_fini(&w->warnings);
    buffer_fini(&w->notes);
    unlink(w->file);
    rmdir(w->dir);
}

#endif
