#!/bin/sh
# SPDX-License-Identifier: MIT
# What the text of the sources promises: places, banned calls, licence tags, file sizes, nothing left
# over.
set -u
cd "$(dirname "$0")/../.."
status=0

report() {
    if [ -n "$2" ]; then
        printf '%s:\n%s\n' "$1" "$2"
        status=1
    fi
}

c_files=$(git ls-files --cached --others --exclude-standard '*.c' '*.h')
report 'at the top level, where it does not belong' "$(
    git ls-files --cached | sed 's#/.*##' | sort -u |
        grep -vxE 'src|include|tests|config|docs|CMakeLists\.txt|README\.md|LICENSE|echo-server\.example\.json|\..*')"
report 'banned call' "$(grep -nE '\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|gets)\(' $c_files)"
report 'left over' "$(grep -nE '\b(TODO|FIXME|XXX|HACK)\b' $c_files)"
report 'no licence tag' "$(grep -L 'SPDX-License-Identifier: MIT' $c_files)"
report 'more than 450 lines' "$(wc -l $c_files | awk '$2 != "total" && $1 > 450 { print $2 ": " $1 }')"
report 'a header without its own guard' "$(
    for header in $(printf '%s\n' $c_files | grep '^include/.*\.h$'); do
        guard=$(printf '%s' "${header#include/}" | tr 'a-z/.' 'A-Z__')
        grep -q "^#ifndef $guard\$" "$header" || echo "$header: expected $guard"
    done)"
report 'a registry address in a lock file' "$(
    git ls-files --cached --others --exclude-standard '*package-lock.json' | xargs -r grep -lE '"resolved": *"http')"
exit $status
