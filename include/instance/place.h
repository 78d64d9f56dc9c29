/* SPDX-License-Identifier: MIT */
/*
 * place: where the configuration is, and what lies beside it.
 */
#ifndef INSTANCE_PLACE_H
#define INSTANCE_PLACE_H

#include <stdbool.h>

struct place {
    char *file; /* NULL: none was named and none is there */
    bool exists;
    char *lock_path; /* beside file, or where it would be; in ECHO_SERVER_LOCK_DIR if that is set */
    char *failed_path; /* there, too: see error_copies.h */
};

/* config: the file that was named, NULL: one of the default names; dir: where it is, NULL: here. */
void place_init(struct place *p, const char *dir, const char *config);
void place_fini(struct place *p);

#endif
