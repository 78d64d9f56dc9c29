/* SPDX-License-Identifier: MIT */
/*
 * file_watch: says that files may have changed, by watching the folders they lie in.
 *
 * Folders, since a renewal is usually a rename or a new symbolic link, which the old file knows
 * nothing of.  What changed is not said: the owner looks.  Paths may be patterns of glob(7).  Where
 * folders cannot be watched (a network file system, the system's limit) a look every minute has to
 * do.  The loop's thread; it blocks for the length of a few stat(2).
 */
#ifndef NET_FILE_WATCH_H
#define NET_FILE_WATCH_H

#include <stddef.h>
#include <stdint.h>

struct file_watch;
struct loop;

struct file_watch_options {
    uint64_t settle_ms; /* of quiet, before a change is told; 0: 300 ms */
    uint64_t period_ms; /* without a change it is told as often; 0: a minute */
};

/* o NULL: the defaults. */
struct file_watch *file_watch_open(struct loop *l, const struct file_watch_options *o,
    void (*on_change)(void *owner), void *owner);
/* Watch the folders of these paths (NULL ones are passed over), and no others. */
void file_watch_set(struct file_watch *w, const char *const *paths, size_t count);
/* NULL is fine. */
void file_watch_close(struct file_watch *w);

#endif
