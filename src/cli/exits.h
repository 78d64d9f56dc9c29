/* SPDX-License-Identifier: MIT */
/*
 * exits: the process's exit codes.
 */
#ifndef CLI_EXITS_H
#define CLI_EXITS_H

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_RUNNING = 3,     /* of `start`: another server is */
    EXIT_NOT_RUNNING = 3, /* of `status`, as the Linux Standard Base has it */
};

#endif
