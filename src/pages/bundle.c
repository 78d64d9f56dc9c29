/* SPDX-License-Identifier: MIT */
/*
 * bundle: the linked-in files, by name.
 */
#include "bundle.h"

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

bool
bundle_find(const char *generation, const char *name, struct bundle *out)
{
    for (size_t i = 0; bundles[i].end; i++) {
        const struct bundle *file = &bundles[i].file;

        if (strcmp(file->generation, generation) || strcmp(file->name, name))
            continue;
        *out = *file;
        out->content.len = (size_t)(bundles[i].end - file->content.data);
        return true;
    }
    return false;
}

struct str
bundle_demo_page(void)
{
    return str_slice(bundle_demo_html, (size_t)(bundle_demo_html_end - bundle_demo_html));
}
