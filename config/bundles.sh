#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetch the browser bundles of socket.io-client 2 and 4 from npm, by the versions and checksums of
# config/bundles/package-lock.json, into the folder given, unless it has them by that very lock file.
# Prints what it did; fails without npm.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: bundles.sh FOLDER}

! cmp -s "$here/bundles/package-lock.json" "$out/package-lock.json" || {
    echo "bundles: $out is as the lock file says"
    exit 0
}
command -v npm >/dev/null 2>&1 || {
    echo "bundles: npm is missing, so the browser clients cannot be fetched" >&2
    exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/bundles/package.json" "$here/bundles/package-lock.json" "$here/bundles/.npmrc" "$work"
(cd "$work" && npm ci --loglevel=error >&2)

for generation in v2 v4; do
    from=$work/node_modules/client-$generation
    mkdir -p "$out/$generation"
    for file in socket.io.js socket.io.js.map socket.io.min.js socket.io.min.js.map; do
        [ ! -f "$from/dist/$file" ] || cp "$from/dist/$file" "$out/$generation/"
    done
    node -p 'require(process.argv[1]).version' "$from/package.json" >"$out/$generation/version"
done
cp "$here/bundles/package-lock.json" "$out"
echo "bundles: socket.io-client $(cat "$out/v2/version") and $(cat "$out/v4/version") in $out"
