/* SPDX-License-Identifier: MIT */
/*
 * bundle: the files that the build linked in: socket.io-client's bundles (none when npm was not
 * there) and the demo page.  The table is made by config/cmake/bundles.cmake.  Immutable.
 */
#ifndef PAGES_BUNDLE_H
#define PAGES_BUNDLE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

struct bundle {
    const char *generation; /* "v2", "v4" */
    const char *name;       /* "socket.io.js" */
    const char *version;    /* of socket.io-client */
    struct str content;
};

/* False when the build has no such file. */
MUST_USE bool bundle_find(const char *generation, const char *name, struct bundle *out);

struct str bundle_demo_page(void);

#endif
