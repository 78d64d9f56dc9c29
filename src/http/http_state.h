/* SPDX-License-Identifier: MIT */
/*
 * http_state: the states of a connection and the steps between them, for its reading side
 * (http_conn) and its exchange alike.
 */
#ifndef HTTP_HTTP_STATE_H
#define HTTP_HTTP_STATE_H

#include "http_conn_priv.h"

/* The only place that writes c->state. */
void http_state_enter(struct http_conn *c, enum http_conn_state next);
/* Between requests: go on with what was received too early, at the end of the turn. */
void http_state_go_on(struct http_conn *c);
/* Its exchange was answered: go on, or close once all is sent. */
void http_state_answered(struct http_conn *c, bool keep);
/* Close once all is sent. */
void http_state_finish(struct http_conn *c);
/* Without its stream, which is another's now: dies at the end of the turn, without on_end. */
void http_state_leave(struct http_conn *c);

#endif
