/* SPDX-License-Identifier: MIT */
/*
 * command: a row of the command line: its name, the flags that it takes, what runs it.
 *
 * The tables are in cli.c; to add a command, write its flags and its row there.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct args;

/* The last row of a command has no name.  Two commands that share a flag's name give it the same
 * kind and field: it may stand before the command. */
struct flag {
    const char *name;
    char letter;            /* 0: none */
    const char *value_name; /* NULL: a switch */
    size_t at;              /* in struct args: const char *, or bool of a switch */
    const char *help;
};

/* The last row of the table has no name. */
struct command {
    const char *name, *alias; /* alias NULL: none */
    const char *operand;      /* as the usage shows it, "[ID]"; NULL: it takes none */
    const char *help;         /* NULL: for those who build the server, not listed */
    const struct flag *flags; /* NULL: none but --help and --version */
    int (*run)(const struct args *a);
};

#endif
