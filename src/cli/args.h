/* SPDX-License-Identifier: MIT */
/*
 * args: the words of the command line.  Flags come before or after the command, as
 * `--flag value` or `--flag=value`, a switch also as `--no-flag`; one that the command does not
 * take is a warning.  After `--` nothing is a flag.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>

#include "base/attr.h"

struct buffer;
struct command;

/* Texts are borrowed from argv; NULL: not given. */
struct args {
    const char *word;              /* the command as it was written */
    const struct command *command; /* NULL: none, or an unknown one */
    const char *operand;           /* the word after the command */
    const char *config, *dir, *port, *lift;
    bool dev, force, yes, help, version;
    /* Answers to the questions of init. */
    const char *dev_mode, *database, *auth_host, *protocol, *cert_path, *key_path;
    const char *add_client, *cors_allow, *allow_origin, *allow_methods, *allow_headers;
    const char *file, *redis_host, *redis_port, *key_prefix;
};

/* False: *error is one sentence. */
MUST_USE bool args_parse(
    char **argv, const struct command *commands, struct args *a, struct buffer *error);

/* Append what --help says: of one command, or of all. */
void args_help_command(const struct command *command, struct buffer *out);
void args_help_all(const struct command *commands, struct buffer *out);

#endif
