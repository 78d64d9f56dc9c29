#!/bin/sh
# SPDX-License-Identifier: MIT
# The benchmark: installs what is missing, builds the server and the measuring programs, measures,
# and writes a table and plots to build-bench/results.  docs/performance.md says how and what.
#
#     sh tests/bench/run.sh                      everything, in less than 20 minutes
#     sh tests/bench/run.sh --smoke              everything in small: does it work?
#     sh tests/bench/run.sh --only=fanout,memory --who=floor,ours --rounds=3 --most=5000
#     sh tests/bench/run.sh --against=BINARY     another build of the server beside this one
#     sh tests/bench/run.sh --list               the workloads
#     sh tests/bench/run.sh --docs               the last results, into docs/performance.md
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build-bench/release
log=$root/build-bench/build.log
cd "$root"
mkdir -p build-bench

prepare() {
    sh config/packages.sh test &&
        { [ -d tests/node_modules/sio4server ] || (cd tests && npm ci --no-audit --no-fund); } &&
        cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTS=ON &&
        cmake --build "$build" -j "$(nproc)" --target echo-server bench-load bench-floor \
            bench-application
}

prepare >"$log" 2>&1 || {
    tail -20 "$log"
    exit 1
}
ECHO_SERVER=$build/echo-server exec node tests/bench/run.mjs "$@"
