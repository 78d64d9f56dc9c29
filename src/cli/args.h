/* SPDX-License-Identifier: MIT */
/*
 * args: the words of the command line.  Options stand before or behind the command, as
 * `--flag value` or `--flag=value`; an unknown one is a warning.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>

#include "base/attr.h"

struct buffer;

/* Texts are borrowed from argv. */
struct args {
    const char *command; /* NULL: none */
    const char *config, *dir, *port;
    bool dev, force, help, version;
};

/* False: *error is one sentence. */
MUST_USE bool args_parse(int argc, char **argv, struct args *a, struct buffer *error);

/* Append the lines of --help. */
void args_help(struct buffer *out);

#endif
