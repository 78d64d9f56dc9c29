/* SPDX-License-Identifier: MIT */
/*
 * bundle: the linked-in files, by name.
 */
#include "bundle.h"

#include <stdint.h>

#define BUNDLE(symbol, generation, name, version) extern const char symbol[], symbol##_end[];
#include "bundles.def"
#undef BUNDLE
extern const char bundle_demo_html[], bundle_demo_html_end[];

/* The linker knows a file's two ends, not its length: no constant expression. */
static const struct {
    struct bundle file;
    const char *end;
} bundles[] = {
#define BUNDLE(symbol, generation, name, version)                                                  \
    { { generation, name, version, { symbol, 0 } }, symbol##_end },
#include "bundles.def"
#undef BUNDLE
    { { NULL, NULL, NULL, { NULL, 0 } }, NULL },
};

/* Two symbols of one file; to the compiler they are two objects. */
static struct str
between(const char *begin, const char *end)
{
    return str_slice(begin, (size_t)((uintptr_t)end - (uintptr_t)begin));
}

bool
bundle_find(const char *generation, const char *name, struct bundle *out)
{
    for (size_t i = 0; bundles[i].end; i++) {
        const struct bundle *file = &bundles[i].file;

        if (strcmp(file->generation, generation) != 0 || strcmp(file->name, name) != 0)
            continue;
        *out = *file;
        out->content = between(file->content.data, bundles[i].end);
        return true;
    }
    return false;
}

struct str
bundle_demo_page(void)
{
    return between(bundle_demo_html, bundle_demo_html_end);
}
