/* SPDX-License-Identifier: MIT */
/*
 * descriptors: the process's limit of open files.
 */
#ifndef SERVER_DESCRIPTORS_H
#define SERVER_DESCRIPTORS_H

#include <stddef.h>

/* Raise the soft limit to the hard one, as Node.js does; returns what it is now. */
size_t descriptors_raise(void);

#endif
