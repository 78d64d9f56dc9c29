#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/config.md and echo-server.example.json are what the options table makes of them:
# generated.sh BUILD_FOLDER.  To write them anew: generated.sh BUILD_FOLDER --write.
set -u
server=${1:?usage: generated.sh BUILD_FOLDER [--write]}/echo-server
cd "$(dirname "$0")/../.." || exit 1
status=0

compare() {
    if [ "${3-}" = --write ]; then
        "$server" "$1" >"$2"
    else
        "$server" "$1" | diff -u "$2" - || status=1
    fi
}

compare docs:config docs/config.md "${2-}"
compare docs:example echo-server.example.json "${2-}"
exit $status
