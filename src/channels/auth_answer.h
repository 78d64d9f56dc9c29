/* SPDX-License-Identifier: MIT */
/*
 * auth_answer: what an answer of the application is, before it is a verdict.  Pure.
 */
#ifndef CHANNELS_AUTH_ANSWER_H
#define CHANNELS_AUTH_ANSWER_H

#include <stdbool.h>

struct http_answer;

/* It may be another one when it is asked again: the application is busy, or away. */
bool auth_answer_is_passing(const struct http_answer *answer);
/* A login form or a front page: what answered is not the route that decides about channels.  The
 * type of the answer says nothing, for Laravel's own verdicts are text/html. */
bool auth_answer_is_page(const struct http_answer *answer);

#endif
