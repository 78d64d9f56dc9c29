/* SPDX-License-Identifier: MIT */
/*
 * command: a row of the command line: its name, the flags that it takes, what runs it, and how the
 * process exits.
 *
 * The tables are in cli.c; to add a command, write its flags and its row there.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct args;

/* The last row of a command has no name.  Two commands that share a flag's name give it the same
 * kind and field: it may come before the command. */
struct flag {
    const char *name;
    const char *value_name; /* NULL: a switch */
    size_t at;              /* in struct args: const char *, or bool of a switch */
    const char *help;
    char letter; /* 0: none */
    bool answer; /* a switch whose field is a text: "true", "false", or NULL: not given */
    bool may_be_empty;
};

/* The last row of the table has no name. */
struct command {
    const char *name, *alias; /* alias NULL: none */
    const char *operand;      /* as the usage shows it, "[ID]"; NULL: it takes none */
    const char *help;         /* NULL: for building the server, not listed */
    const struct flag *flags; /* NULL: none but --help and --version */
    int (*run)(const struct args *a);
};

/* The process's exit codes. */
enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_RUNNING = 3,     /* of `start`: another server is */
    EXIT_NOT_RUNNING = 3, /* of `status`, as the Linux Standard Base has it */
};

/* Runs the server in the foreground, until a signal. */
int start_run(const struct args *a);
/* Returns when the server has ended.  It never ends a server that is younger than itself, because
 * a later start has put that one in the place (see turn.h). */
int control_stop(const struct args *a);
/* SIGHUP to the server that `stop` would end.  The result is in the server's log. */
int control_reload(const struct args *a);
/* Prints what the server that `stop` would end says about itself under its port, and the last
 * start if it failed. */
int control_status(const struct args *a);
/* Prints whom that server limited lately; with --lift it does so no longer to that address. */
int control_limits(const struct args *a);
/* Asks, and writes a configuration file. */
int init_run(const struct args *a);
/* Tries everything that a configuration names, and reports every problem. */
int check_run(const struct args *a);
/* Change who may use the HTTP API. */
int client_add(const struct args *a);
int client_remove(const struct args *a);

#endif
