/* SPDX-License-Identifier: MIT */
/*
 * redis_parser: bytes from a server to values, by hiredis' reader, within limits.  The only file
 * that knows hiredis.  Pure.
 */
#ifndef REDIS_REDIS_PARSER_H
#define REDIS_REDIS_PARSER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "redis/redis_link.h"

struct redis_block;
struct redisReader;

/* Of one reply, all that is allocated for it: what a reply announces is not yet there. */
enum { REDIS_PARSER_MAX_BYTES = 64 << 20 };

/* A chain of blocks, of which the oldest is kept; all zero is an empty one. */
struct redis_arena {
    struct redis_block *blocks; /* the newest first */
    char *at;                   /* what is free of the newest */
    size_t left;
    size_t held; /* bytes of all blocks */
};

/* Embedded; not moved after redis_parser_init(). */
struct redis_parser {
    struct redisReader *reader;
    struct redis_arena arena; /* of the value under way, or lent */
    size_t under_way;         /* bytes of the value that is not whole yet, and after it */
    bool too_large;           /* what was to be made of it */
};

enum redis_parse {
    REDIS_PARSE_VALUE,
    REDIS_PARSE_MORE,
    REDIS_PARSE_BAD,       /* not what a Redis server sends */
    REDIS_PARSE_TOO_LARGE, /* it takes more than anything that was asked for */
};

void redis_parser_init(struct redis_parser *p);
void redis_parser_fini(struct redis_parser *p);
/* False: what is under way is longer than anything that was asked for. */
MUST_USE bool redis_parser_feed(struct redis_parser *p, const char *data, size_t len);
/* With REDIS_PARSE_VALUE *out is lent until redis_parser_release(), which comes before the next
 * call. */
MUST_USE enum redis_parse redis_parser_next(struct redis_parser *p, const struct redis_value **out);
void redis_parser_release(struct redis_parser *p);

#endif
