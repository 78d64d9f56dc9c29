/* SPDX-License-Identifier: MIT */
/*
 * presence_memory: members are the live sockets of this process and nothing else.  What is said is
 * the truth at once.
 */
#ifndef PRESENCE_PRESENCE_MEMORY_H
#define PRESENCE_PRESENCE_MEMORY_H

struct presence_store;

struct presence_store *presence_memory_new(void);

#endif
