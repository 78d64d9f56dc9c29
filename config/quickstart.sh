#!/bin/sh
# SPDX-License-Identifier: MIT
# From a fresh clone to a running server: install what is missing, build, start with the embedded
# default (no Redis, no config file) on port 6001.  Arguments go to `echo-server start`.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)

sh "$here/config/packages.sh" build
# Configured already, and with the browser clients: nothing to do again.
[ -f "$here/build/Makefile" ] && [ -f "$here/build/bundles/v4/version" ] ||
    cmake -S "$here" -B "$here/build"
cmake --build "$here/build" --target echo-server -j "$(nproc)"

# From the build folder, which holds no config file that start could pick up.
cd "$here/build"
exec "$here/build/echo-server" start --dev "$@"
