/* SPDX-License-Identifier: MIT */
/*
 * config_docs: the manual and the example, from the options table.
 */
#include "config/config_docs.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "config/config.h"
#include "option_value.h"
#include "options.h"

static const char intro[] =
    "# Configuration\n"
    "\n"
    "Generated from the options table (`src/config/options.c`) by `echo-server docs:config`.\n"
    "\n"
    "The file is JSON: `echo-server.json`, else `laravel-echo-server.json`, in the current folder "
    "or "
    "`--dir`, or what `--config` names. `echo-server.example.json` holds every option with its "
    "default. Numbers may also stand there as texts; `null` and `\"\"` are unset. An object "
    "replaces "
    "its default whole: `\"subscribers\": {\"redis\": true}` turns HTTP off.\n"
    "\n"
    "The command line wins over the environment, that over `.env` in the current folder, that over "
    "`.env` beside the file, and that over the file. A variable `${NAME}` stands for another one; "
    "an "
    "empty one is unset.\n"
    "\n"
    "An unknown option is a warning; a value of a wrong type or range is an error, and nothing is "
    "started. What laravel-echo-server started with starts all the same: a value that it ignored "
    "or "
    "coerced is a warning that says what it is taken as (see [migrate.md](migrate.md)).\n"
    "\n"
    "`echo-server reload`, or SIGHUP, changes the options marked `live` in the running server; the "
    "others wait for a restart, which the log then says.\n";

static json_t *
list_of(const char *text)
{
    struct str rest = str_of(text), item;
    json_t *list;

    if (!strchr(text, ','))
        return json_string(text);
    list = json_array();
    while (rest.len > 0) {
        item = str_cut(rest, ',', &rest);
        json_array_append_new(list, json_stringn(item.data, item.len));
    }
    return list;
}

static json_t *
example_of(const struct option *o)
{
    switch (o->kind) {
    case OPTION_GROUP:
    case OPTION_HEADERS:
        return json_object();
    case OPTION_CLIENTS:
    case OPTION_CERTIFICATES:
    case OPTION_NODES:
        return json_array();
    case OPTION_BOOL:
    case OPTION_SWITCH:
        return json_boolean(str_is(str_of(o->fallback), "true"));
    case OPTION_NUMBER:
    case OPTION_PORT:
        return json_integer(strtoll(o->fallback, NULL, 10));
    case OPTION_LIST:
        return list_of(o->fallback);
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_CHOICE:
    case OPTION_IGNORED:
    case OPTION_REFUSED:
        return o->fallback ? json_string(o->fallback) : json_null();
    }
    return json_null();
}

static void
append_default(const struct option *o, struct buffer *out)
{
    json_t *value = example_of(o);
    char *text = json_dumps(value, JSON_ENCODE_ANY);

    buffer_append_text(out, text);
    free(text);
    json_decref(value);
}

static void
append_row(const struct option *o, struct buffer *out)
{
    char env[OPTIONS_ENV_SIZE];

    buffer_printf(out, "| `%s` | ", o->path);
    option_value_expected(o, out);
    buffer_append_text(out, " | `");
    append_default(o, out);
    buffer_printf(out, "` | %s | %s |", o->live ? "yes" : "no", o->help);
    if (options_env_name(o, env))
        buffer_printf(out, " `%s` |\n", env + sizeof(OPTIONS_ENV_PREFIX) - 1);
    else
        buffer_append_text(out, " |\n");
}

static bool
has_meaning(const struct option *o)
{
    return o->kind < OPTION_GROUP;
}

void
config_docs_manual(struct buffer *out)
{
    buffer_append_text(out, intro);
    buffer_append_text(out, "\n## Options\n\nThe variable of an option is `" OPTIONS_ENV_PREFIX
                            "` and what its row says.\n\n"
                            "| option | value | default | live | meaning | variable |\n"
                            "|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < options_count(); i++)
        if (has_meaning(options_row(i)))
            append_row(options_row(i), out);
    buffer_append_text(out, "\n## Known, without effect\n\n"
                            "Options of laravel-echo-server and its libraries that have no meaning "
                            "here; the log says so once at the start.\n\n"
                            "| option | why |\n|---|---|\n");
    for (size_t i = 0; i < options_count(); i++)
        if (options_row(i)->kind == OPTION_IGNORED)
            buffer_printf(out, "| `%s` | %s |\n", options_row(i)->path, options_row(i)->help);
}

/* A switch stands as its own value; the options inside it need it to be an object.  One that means
 * more when it is set stands unset. */
static void
add_example(json_t *root, const struct option *o)
{
    json_t *at = root;
    const char *name = o->path, *dot;

    while ((dot = strchr(name, '.'))) {
        char *group = mem_copy_text(name, (size_t)(dot - name));

        at = json_object_get(at, group);
        free(group);
        if (!json_is_object(at))
            return;
        name = dot + 1;
    }
    ENSURE(json_object_set_new(at, name,
               o->kind == OPTION_SWITCH && o->text_member ? json_null() : example_of(o)) == 0);
}

void
config_docs_example(struct buffer *out)
{
    json_t *root = json_object();
    char *text;

    for (size_t i = 0; i < options_count(); i++)
        if (options_row(i)->kind <= OPTION_GROUP)
            add_example(root, options_row(i));
    text = json_dumps(root, JSON_INDENT(4));
    buffer_append_text(out, text);
    buffer_append_char(out, '\n');
    free(text);
    json_decref(root);
}
