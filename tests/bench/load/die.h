/* SPDX-License-Identifier: MIT */
/*
 * die: the end of a measuring program that cannot measure, with a message.
 */
#ifndef LOAD_DIE_H
#define LOAD_DIE_H

void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
