#!/bin/sh
# SPDX-License-Identifier: MIT
# The benchmark: installs what is missing, builds the server and the measuring programs, measures,
# and writes a table and plots to build-bench/results.  See docs/performance.md.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
sh config/packages.sh test
[ -d tests/node_modules/sio4server ] || (cd tests && npm ci --no-audit --no-fund)
cmake -S . -B build-bench/release -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTS=ON >/dev/null
cmake --build build-bench/release -j "$(nproc)" --target echo-server bench-load bench-floor bench-application >/dev/null
export ECHO_SERVER="$root/build-bench/release/echo-server"
exec node tests/bench/run.mjs "$@"
