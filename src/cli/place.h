/* SPDX-License-Identifier: MIT */
/*
 * place: where the configuration is, and what lies beside it.
 */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include <stdbool.h>

struct args;

struct place {
    char *file; /* NULL: none was named and none is there */
    bool exists;
    char *lock_path; /* beside file, or where it would be; in ECHO_SERVER_LOCK_DIR if that is set */
    char *failed_path; /* there, too: see failed_start.h */
};

void place_init(struct place *p, const struct args *a);
void place_fini(struct place *p);

#endif
