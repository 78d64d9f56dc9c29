#!/bin/sh
# SPDX-License-Identifier: MIT
# A file exports only symbols that begin with its name: symbols.sh BUILD_FOLDER.
set -u
build=${1:?usage: symbols.sh BUILD_FOLDER}
status=0

for library in "$build"/lib*.a; do
    layer=$(basename "$library" .a)
    layer=${layer#lib}
    [ -d "$(dirname "$0")/../../src/$layer" ] || continue
    wrong=$(nm -A --defined-only --extern-only "$library" 2>/dev/null | awk '
        {
            split($1, where, ":"); file = where[2]; symbol = $NF
            if (file !~ /\.c\.o$/) next
            sub(/\.c\.o$/, "", file)
            if (symbol ~ /^__(odr_asan|asan|tsan|ubsan)/) next
            if (index(symbol, file "_") != 1 && symbol != file) print file ".c exports " symbol
        }')
    [ -z "$wrong" ] || {
        printf '%s\n' "$wrong"
        status=1
    }
done
exit $status
