/* SPDX-License-Identifier: MIT */
/*
 * init_questions: what `init` asks, in order, and how an answer is understood.  Each question has a
 * flag of its name, which answers it.
 */
#ifndef CLI_INIT_QUESTIONS_H
#define CLI_INIT_QUESTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct args;
struct buffer;

enum init_question {
    INIT_DEV_MODE,
    INIT_PORT,
    INIT_DATABASE,
    INIT_AUTH_HOST,
    INIT_PROTOCOL,
    INIT_CERT_PATH,
    INIT_KEY_PATH,
    INIT_ADD_CLIENT,
    INIT_CORS_ALLOW,
    INIT_ALLOW_ORIGIN,
    INIT_ALLOW_METHODS,
    INIT_ALLOW_HEADERS,
    INIT_FILE,
    INIT_REDIS_HOST, /* from here on only in the folder of an application */
    INIT_REDIS_PORT,
    INIT_KEY_PREFIX,
    INIT_QUESTIONS,
};

const char *init_questions_name(enum init_question q);
/* Of the options table; NULL: the answer is not an option's value. */
const char *init_questions_path(enum init_question q);
/* When nothing better is known; never NULL. */
const char *init_questions_default(enum init_question q);
/* What the command line says; NULL: nothing. */
const char *init_questions_flag(enum init_question q, const struct args *a);

/* Ask on stdout, with the suggestion; returns the line from stdin, trimmed, for free(); NULL: there
 * are no more lines. */
char *init_questions_ask(enum init_question q, const char *fallback);
/* The same for a question that is not in the table; hint follows it in parentheses. */
char *init_questions_prompt(const char *message, const char *hint);
/* Whether stdin is a terminal, where a question can be repeated. */
bool init_questions_can_repeat(void);

/* The value that an answer stands for, for free(); NULL: *error says what was expected. */
MUST_USE char *init_questions_understand(
    enum init_question q, const char *answer, struct buffer *error);

#endif
