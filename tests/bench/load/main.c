/* SPDX-License-Identifier: MIT */
/*
 * bench-load: a crowd of Socket.IO clients and the application that publishes to them.
 *
 * Arguments say what the crowd is (options.c), lines on stdin what it does (commands.c); each
 * line is answered by one JSON object on stdout.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "commands.h"

enum { LINE_SIZE = 512 };

static void
raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* if not, socket() says so */
    }
}

int
main(int argc, char **argv)
{
    struct options options;
    static struct commands commands;
    char line[LINE_SIZE];

    signal(SIGPIPE, SIG_IGN);
    raise_limit();
    options_parse(&options, argc, argv);
    commands_open(&commands, &options);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0' && !commands_run(&commands, line))
            break;
    }
    return 0;
}
