/* SPDX-License-Identifier: MIT */
/*
 * ensure: assertions that stay in.  A failed one is a bug of this program, never the doing of a
 * peer or an operator: it says where on stderr and aborts.  Any thread.
 */
#ifndef BASE_ENSURE_H
#define BASE_ENSURE_H

#include "base/attr.h"

#define ENSURE(condition)                                                                          \
    ((condition) ? (void)0 : ensure_failed(#condition, __FILE__, __LINE__, __func__))

NO_RETURN void ensure_failed(
    const char *condition, const char *file, int line, const char *function);

#endif
