/* SPDX-License-Identifier: MIT */
/*
 * rewrite: a file is read, and replaced as a whole: nobody ever sees half of it, also when two of
 * us change it at once.  A link stays a link; owner and mode stay.  Blocks.
 */
#ifndef CLI_REWRITE_H
#define CLI_REWRITE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/buffer.h"

struct rewrite {
    char *path; /* behind links */
    int fd;     /* of the file as it was, locked against others of us; -1: there is none */
    mode_t mode;
    uid_t owner;
    gid_t group;
    struct buffer text;
};

/* What is there is read into text; that nothing is there is fine.  False: *error is one sentence.
 */
MUST_USE bool rewrite_open(struct rewrite *r, const char *path, struct buffer *error);
MUST_USE bool rewrite_commit(struct rewrite *r, struct str text, struct buffer *error);
void rewrite_close(struct rewrite *r);

#endif
