/* SPDX-License-Identifier: MIT */
/*
 * prompt: where answers come from a pipe they are shown, so that what is seen reads as on a
 * terminal.
 */
#include "prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

bool
prompt_is_terminal(void)
{
    return isatty(STDIN_FILENO) == 1;
}

char *
prompt_ask(const char *message, const char *hint)
{
    char *line = NULL, *answer = NULL;
    size_t size = 0;
    ssize_t len;
    struct str text;

    if (hint && *hint)
        printf("? %s (%s) ", message, hint);
    else
        printf("? %s ", message);
    fflush(stdout);
    len = getline(&line, &size, stdin);
    if (len >= 0) {
        text = str_trim(str_slice(line, (size_t)len));
        answer = mem_copy_text(text.data, text.len);
    }
    if (!prompt_is_terminal() || !answer)
        puts(answer ? answer : "");
    free(line);
    return answer;
}
