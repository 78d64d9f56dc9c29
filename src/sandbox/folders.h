/* SPDX-License-Identifier: MIT */
/*
 * folders: where the files of a configuration are, also after they were renewed: a certificate's
 * next file may come by a rename, or by a link somewhere on the way that leads elsewhere then.
 */
#ifndef SANDBOX_FOLDERS_H
#define SANDBOX_FOLDERS_H

struct config;

/* Each folder, some more than once; in place of the root, which is everything, the file itself. */
void folders_each(const struct config *c, void (*each)(void *owner, const char *path), void *owner);

#endif
