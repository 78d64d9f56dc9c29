/* SPDX-License-Identifier: MIT */
/*
 * cli: the table of commands.
 */
#include "cli/cli.h"

#include <stdio.h>

#include "args.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/str.h"
#include "config/config_docs.h"
#include "exits.h"
#include "start.h"
#include "stop.h"

struct command {
    const char *name;
    int (*run)(const struct args *a);
    const char *help; /* NULL: for those who build the server, not listed */
};

static int
print(void (*write)(struct buffer *out))
{
    struct buffer text = { 0 };

    write(&text);
    fwrite(text.data, 1, text.len, stdout);
    buffer_fini(&text);
    return EXIT_DONE;
}

static int
docs_config(const struct args *a)
{
    (void)a;
    return print(config_docs_manual);
}

static int
docs_example(const struct args *a)
{
    (void)a;
    return print(config_docs_example);
}

static const struct command commands[] = {
    { "start", start_run, "serve, in the foreground, until SIGTERM" },
    { "stop", stop_run, "stop the running server; returns when it is gone" },
    { "docs:config", docs_config, NULL },
    { "docs:example", docs_example, NULL },
};

static void
write_help(struct buffer *out)
{
    buffer_append_text(out, "Usage: echo-server <command> [options]\n\nCommands:\n");
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (commands[i].help)
            buffer_printf(out, "  %-20s%s\n", commands[i].name, commands[i].help);
    buffer_append_text(out, "\nOptions:\n");
    args_help(out);
}

static const struct command *
find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (str_is(str_of(name), commands[i].name))
            return &commands[i];
    return NULL;
}

static int
run(const struct args *a)
{
    const struct command *command = a->command ? find(a->command) : NULL;

    if (a->version) {
        puts(ECHO_SERVER_VERSION);
        return EXIT_DONE;
    }
    if (a->help)
        return print(write_help);
    if (command)
        return command->run(a);
    if (a->command)
        log_error("there is no command %s: see `echo-server --help`", a->command);
    else
        print(write_help);
    return EXIT_FAILED;
}

int
cli_run(int argc, char **argv)
{
    struct buffer error = { 0 };
    struct args a;
    int code = EXIT_FAILED;

    if (args_parse(argc, argv, &a, &error))
        code = run(&a);
    else
        log_error("%.*s", STR_ARG(buffer_str(&error)));
    buffer_fini(&error);
    return code;
}
