#!/bin/sh
# SPDX-License-Identifier: MIT
# The map of modules in docs/architecture.md is the tree: each src/<folder>/<module>.c has its line,
# once, below its folder's heading, and no line names a module that is gone.  A header alone is a
# module too when it has a line.
set -eu
cd "$(dirname "$0")/../.."

{
    git ls-files --cached --others --exclude-standard 'src/*/*.[ch]' 'include/*/*.h' |
        while read -r file; do
            [ -e "$file" ] && echo "$file"
        done
} | awk '
# src/net/loop.c and include/net/loop.h are net/loop.
FILENAME == "-" {
    name = $0; sub(/^(src|include)\//, "", name); sub(/\.[ch]$/, "", name)
    there[name] = 1
    if ($0 ~ /\.c$/) wanted[name] = 1
    next
}

/^## / { inside = $0 == "## Every module"; next }
inside && /^### `[a-z]+`$/ { folder = substr($0, 6, length($0) - 6); next }
inside && /^- / {
    if ($0 !~ /^- `[a-z0-9_]+`: ./) { printf "%s:%d: not \"- `module`: what it is\"\n", FILENAME, FNR; bad = 1; next }
    split($0, quoted, "`")
    name = folder "/" quoted[2]
    if (!(name in there)) { printf "%s:%d: there is no %s\n", FILENAME, FNR, name; bad = 1 }
    if (name in told) { printf "%s:%d: %s has a line already\n", FILENAME, FNR, name; bad = 1 }
    told[name] = 1
}

END {
    for (name in wanted)
        if (!(name in told)) { printf "docs/architecture.md: src/%s.c has no line\n", name; bad = 1 }
    exit bad
}
' - docs/architecture.md
