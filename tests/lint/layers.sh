#!/bin/sh
# SPDX-License-Identifier: MIT
# Every #include of src/ and include/ is one that the table of docs/architecture.md allows: a layer
# may include itself, base, and what its row names; a third-party header only through its door.
set -eu
cd "$(dirname "$0")/../.."

awk '
function trim(s) { gsub(/^[ `]+|[ `]+$/, "", s); return s }

# | `layer` | may use | headers of its door | what it is |
FILENAME == "docs/architecture.md" {
    if ($0 !~ /^\| `[a-z]+(\.c)?`( and `[a-z.]+`)? \|/) next
    n = split($0, cell, "|")
    layer = trim(cell[2]); sub(/`.*/, "", layer)
    rows++
    known[layer] = 1
    allowed[layer, layer] = 1; allowed[layer, "base"] = 1
    m = split(cell[3], use, /[ ,]+/)
    for (i = 1; i <= m; i++) { u = trim(use[i]); if (u != "") allowed[layer, u] = 1 }
    m = split(cell[4], use, /[ ,]+/)
    for (i = 1; i <= m; i++) { u = trim(use[i]); if (u != "") { door[u] = door[u] " " layer; outside[u] = 1 } }
    next
}

FNR == 1 {
    split(FILENAME, part, "/")
    layer = FILENAME == "src/main.c" ? "cli" : part[2]
    if (!(layer in known)) { printf "%s: layer %s has no row in docs/architecture.md\n", FILENAME, layer; bad = 1 }
}

/^#include "/ {
    split($0, q, "\"")
    if (split(q[2], part, "/") < 2) next        # private, of the same folder
    if (!((layer, part[1]) in allowed)) {
        printf "%s:%d: layer %s may not include %s\n", FILENAME, FNR, layer, q[2]; bad = 1
    }
}

/^#include </ {
    split($0, q, /[<>]/)
    header = q[2]
    for (u in outside) {
        if (index(header, u) != 1) continue
        if (index(door[u] " ", " " layer " ") == 0) {
            printf "%s:%d: <%s> has its door in%s\n", FILENAME, FNR, header, door[u]; bad = 1
        }
    }
}

END {
    if (rows < 10) { print "docs/architecture.md: the layer table was not found"; bad = 1 }
    exit bad
}
' docs/architecture.md $(git ls-files --cached --others --exclude-standard 'src/*.c' 'src/*.h' 'include/*.h')
