/* SPDX-License-Identifier: MIT */
/*
 * rewrite: reads a file and replaces it as a whole: half of it is never seen, even when two
 * processes change it at once.  A link stays a link; owner and mode stay, unless it gets a secret.
 * Blocks.
 */
#ifndef CLI_REWRITE_H
#define CLI_REWRITE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/buffer.h"

struct rewrite {
    char *path; /* with links resolved */
    int fd;     /* of the old file, locked against other processes; -1: it does not exist */
    mode_t mode;
    uid_t owner;
    gid_t group;
    bool secret;
    struct buffer text;
};

/* Read the file into text; it need not exist.  False: *error is one sentence. */
MUST_USE bool rewrite_open(struct rewrite *r, const char *path, struct buffer *error);
/* What is written has a secret: only the owner will read it, and the group if it could before. */
void rewrite_make_secret(struct rewrite *r);
/* Says on stdout when it takes the right to read from anyone. */
MUST_USE bool rewrite_commit(struct rewrite *r, struct str text, struct buffer *error);
void rewrite_close(struct rewrite *r);

#endif
