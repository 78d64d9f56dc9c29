/* SPDX-License-Identifier: MIT */
/*
 * cli: the command line: `echo-server <command> [options]`.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/* The process's exit code. */
int cli_run(char **argv);

#endif
