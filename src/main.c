/* SPDX-License-Identifier: MIT */
/*
 * main: the program echo-server.
 */
#include "cli/cli.h"

int
main(int argc, char **argv)
{
    (void)argc;
    return cli_run(argv);
}
