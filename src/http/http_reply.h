/* SPDX-License-Identifier: MIT */
/*
 * http_reply: an answer as bytes.  Pure.
 */
#ifndef HTTP_HTTP_REPLY_H
#define HTTP_HTTP_REPLY_H

#include <stdbool.h>

struct bytes;
struct http_reply;

/* keep: the connection stays open; mute: the answer to HEAD, which has a length and no body. */
struct bytes *http_reply_bytes(const struct http_reply *r, bool keep, bool mute);

#endif
