/* SPDX-License-Identifier: MIT */
/*
 * prompt: questions on stdout, answers on stdin, a line each.
 */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include <stdbool.h>

/* Whether somebody sits there, who can be asked again. */
bool prompt_is_terminal(void);

/* The answer, trimmed, for free(); NULL: there are no more.  hint NULL: none. */
char *prompt_ask(const char *message, const char *hint);

#endif
