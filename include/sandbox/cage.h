/* SPDX-License-Identifier: MIT */
/*
 * cage: what a running server gives up, because it needs it no more once its ports are bound and
 * its files are open: new privileges, most system calls, most files.
 *
 * The main thread and the threads that look names up keep what a reload and the C library need:
 * reading in the system's folders and in those of the configuration and of its certificates.  The
 * workers and the hub only read the system's authorities.  Each part is left out where the kernel
 * has no such thing.  What was given up is the process's: there is no object, and no way back.
 */
#ifndef SANDBOX_CAGE_H
#define SANDBOX_CAGE_H

#include "base/attr.h"

struct config;
struct loop;

/* The parts that this kernel and this build have, as `status` shows them:
 * "no_new_privs,seccomp,Landlock".
 */
const char *cage_offered(void);

/* Before the first loop is made. */
void cage_prepare(void);
/*
 * The main thread, before there are others.  Whoever removes lock_path at the end can; NULL: there
 * is none.  Denied calls are logged by l.  Returns the parts that are on, or "off".
 */
const char *cage_enter(struct loop *l, const struct config *c, const char *lock_path);
/* A worker's or the hub's thread, first of all; nothing where the main thread did not enter. */
void cage_tighten(void);
/* When something could not be read for c: logs which folders the cage hides, if it is that. */
void cage_explain(const struct config *c);
/* Denied calls are not logged any more. */
void cage_close(void);

#endif
