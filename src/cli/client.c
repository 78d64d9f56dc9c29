/* SPDX-License-Identifier: MIT */
/*
 * client: the configuration file is changed where it says who the clients are, and nowhere else.
 */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "base/log.h"
#include "config/config.h"
#include "config/config_edit.h"
#include "instance/place.h"
#include "rewrite.h"

/* One change of the text. */
struct change {
    const char *app_id;
    const char *key; /* NULL: remove it */
};

static enum config_edit
edit_file(const char *path, const struct change *c, struct buffer *error)
{
    struct buffer out = { 0 }, why = { 0 };
    enum config_edit result = CONFIG_EDIT_FAILED;
    struct rewrite file;

    if (!rewrite_open(&file, path, error))
        return CONFIG_EDIT_FAILED;
    if (file.fd < 0)
        buffer_printf(error, "%s: there is no such file; `echo-server init` writes one", path);
    else if (c->key)
        result = config_edit_put_client(buffer_str(&file.text), c->app_id, c->key, &out, &why);
    else
        result = config_edit_remove_client(buffer_str(&file.text), c->app_id, &out, &why);
    if (c->key)
        rewrite_make_secret(&file);
    if (why.len > 0)
        buffer_printf(error, "%s: %.*s", path, STR_ARG(buffer_str(&why)));
    if (result != CONFIG_EDIT_FAILED && result != CONFIG_EDIT_ABSENT &&
        !rewrite_commit(&file, buffer_str(&out), error))
        result = CONFIG_EDIT_FAILED;
    rewrite_close(&file);
    buffer_fini(&out);
    buffer_fini(&why);
    return result;
}

static int
report_change(enum config_edit result, const struct change *c, const char *path)
{
    switch (result) {
    case CONFIG_EDIT_ADDED:
    case CONFIG_EDIT_UPDATED:
        printf("API Client %s!\nappId: %s\nkey: %s\n",
            result == CONFIG_EDIT_ADDED ? "added" : "updated", c->app_id, c->key);
        return EXIT_DONE;
    case CONFIG_EDIT_REMOVED:
        printf("Client removed: %s\n", c->app_id);
        return EXIT_DONE;
    case CONFIG_EDIT_ABSENT:
        log_error("%s: there is no client %s: nothing was removed", path, c->app_id);
        return EXIT_FAILED;
    case CONFIG_EDIT_FAILED:
        return EXIT_FAILED;
    }
    return EXIT_FAILED;
}

static int
change_clients(const struct args *a, const struct change *c)
{
    struct buffer error = { 0 };
    struct place p;
    int code = EXIT_FAILED;

    place_init(&p, a->dir, a->config);
    if (p.file)
        code = report_change(edit_file(p.file, c, &error), c, p.file);
    else
        log_error("there is no echo-server.json or laravel-echo-server.json in %s: write one with "
                  "`echo-server init`, or name one with --config",
            a->dir ? a->dir : "this folder");
    if (error.len > 0)
        log_error("%.*s", STR_ARG(buffer_str(&error)));
    buffer_fini(&error);
    place_fini(&p);
    return code;
}

int
client_add(const struct args *a)
{
    struct config_client made = config_make_client();
    struct change c = { .app_id = made.app_id, .key = made.key };
    int code;

    if (a->operand && *a->operand)
        c.app_id = a->operand;
    code = change_clients(a, &c);
    free(made.app_id);
    free(made.key);
    return code;
}

int
client_remove(const struct args *a)
{
    struct change c = { .app_id = a->operand };

    if (a->operand && *a->operand)
        return change_clients(a, &c);
    log_error("client:remove needs the id of a client: echo-server client:remove <id>");
    return EXIT_FAILED;
}
