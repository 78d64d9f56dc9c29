#!/bin/sh
# SPDX-License-Identifier: MIT
# Install what the tests need, build, run every suite and linter, and end with one line:
# "N passed, N failed".  Logs are kept in build-test/logs.
#
#   sh tests/run.sh                     everything
#   sh tests/run.sh lint plain          some of: lint plain package address thread
set -u

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
out=$root/build-test
logs=$out/logs
passed=0
failed=0
mkdir -p "$logs"

# suite NAME PASSED FAILED: one line, and into the sum.
suite() {
    printf '%-28s %5d passed, %d failed\n' "$1" "$2" "$3"
    passed=$((passed + $2))
    failed=$((failed + $3))
}

# The lines that say what failed, or the end of a log that does not say.
show_failure() {
    found=$(grep -nE '^not ok|^# Subtest|error:|ERROR|FAILED|warning:|WARNING: ThreadSanitizer' "$1" |
        grep -vE '# Subtest' | head -40)
    printf '%s\n' "${found:-$(tail -40 "$1")}" | sed 's/^/    /'
}

# check NAME COMMAND...: one test that passes with exit status 0.
check() {
    name=$1
    shift
    log=$logs/$(printf '%s' "$name" | tr '/ ' '--').log
    if "$@" >"$log" 2>&1; then
        suite "$name" 1 0
    else
        suite "$name" 0 1
        show_failure "$log"
        return 1
    fi
}

# build NAME COMPILER [CMAKE ARGUMENT...]
build() {
    name=$1
    compiler=$2
    shift 2
    check "build/$name" sh -c '
        dir=$1; compiler=$2; bundles=$3; shift 3
        cmake -S . -B "$dir" -DCMAKE_C_COMPILER="$compiler" -DWERROR=ON -DBUILD_TESTS=ON \
            -DBUNDLES_DIR="$bundles" "$@" && cmake --build "$dir" -j "$(nproc)"' \
        sh "$out/$name" "$compiler" "$out/bundles" "$@"
}

# What failed once and then passed is said by name: it is a fault of the test, or a rare one of the
# server, and to be looked into.
flaky() {
    printf '    flaky: %s failed, then passed; see %s\n' "$1" "$2"
}

# cmocka's "[  PASSED  ] N test(s)." or FAILED, summed over the programs of a log.
cmocka_sum() {
    sed -n "s/^[0-9]*: \\[  $1  \\] \\([0-9]*\\) test(s).*/\\1/p" "$2" | awk '{ n += $1 } END { print n + 0 }'
}

# unit NAME: all programs; a replayed corpus is one test.
unit() {
    log=$logs/$1-unit.log
    ctest --test-dir "$out/$1" -V -j 2 >"$log" 2>&1
    status=$?
    good=$(($(cmocka_sum PASSED "$log") + $(grep -cE 'Test +#[0-9]+: fuzz/.* Passed' "$log")))
    bad=$(cmocka_sum FAILED "$log")
    # A program that crashed reports nothing: it counts by ctest's word.
    [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
    if [ "$bad" -gt 0 ] && ctest --test-dir "$out/$1" --rerun-failed -V >"$log.again" 2>&1; then
        flaky "$(sed -n 's/.*Test *#[0-9]*: \([^ ]*\) .*Failed.*/\1/p' "$log" | tr '\n' ' ')" "$log"
        good=$((good + bad))
        bad=0
    fi
    suite "$1/unit" "$good" "$bad"
    [ "$bad" -eq 0 ] || show_failure "$log"
}

# tally LOG: what a run of node_file in the log came to, into file_good and file_bad.
tally() {
    file_good=$(sed -n 's/^# pass \([0-9]*\).*/\1/p' "$1" | tail -1)
    file_bad=$(awk '/^# (fail|cancelled) / { n += $3 } END { print n + 0 }' "$1")
    [ "${2:-0}" -eq 0 ] || [ "$file_bad" -gt 0 ] || file_bad=1
}

# node_suite NAME FOLDER: the files of a folder against the build NAME, as many at once as there are
# cores; what failed runs once more, alone.
node_suite() {
    good=0
    bad=0
    export ECHO_SERVER="$out/$1/echo-server"
    for file in tests/"$2"/*.test.mjs; do
        printf '%s\n' "$file" "$logs/$1-$2-$(basename "$file" .test.mjs).log"
    done | xargs -P "$(nproc)" -n 2 sh -c '
        node --test --test-concurrency=1 --test-reporter=tap "$1" >"$2" 2>&1 </dev/null
        echo $? >"$2.status"' node_file
    for file in tests/"$2"/*.test.mjs; do
        log=$logs/$1-$2-$(basename "$file" .test.mjs).log
        tally "$log" "$(cat "$log.status")"
        if [ "$file_bad" -gt 0 ]; then
            node --test --test-concurrency=1 --test-reporter=tap "$file" >"$log.again" 2>&1 </dev/null
            tally "$log.again" $?
            if [ "$file_bad" -eq 0 ]; then
                flaky "$file" "$log"
            else
                printf '    %s:\n' "$file"
                show_failure "$log.again"
            fi
        fi
        good=$((good + ${file_good:-0}))
        bad=$((bad + file_bad))
    done
    suite "$1/$2" "$good" "$bad"
}

# all NAME: every suite against one build.
all() {
    unit "$1"
    node_suite "$1" conformance
    node_suite "$1" e2e
}

run_lint() {
    build clang clang || return
    check lint/layers sh tests/lint/layers.sh
    check lint/text sh tests/lint/text.sh
    check lint/links sh tests/lint/links.sh
    check lint/symbols sh tests/lint/symbols.sh "$out/clang"
    check lint/generated sh tests/lint/generated.sh "$out/clang"
    check lint/format sh -c 'clang-format --dry-run -Werror $(git ls-files "*.c" "*.h")'
    check lint/cppcheck cppcheck --quiet --std=c11 --enable=warning,performance,portability \
        --inline-suppr --error-exitcode=1 -D_GNU_SOURCE -Iinclude -j 2 src
    check lint/clang-tidy sh -c 'printf "%s\n" src/*/*.c | xargs -P 2 -n 1 clang-tidy --quiet -p "$1"' \
        sh "$out/clang"
}

# The .deb on clean roots; needs root.
run_package() {
    log=$logs/package-roots.log
    sh tests/package/run.sh "$out/bundles" >"$log" 2>&1
    status=$?
    good=$(grep -c '^ok ' "$log")
    bad=$(grep -c '^not ok ' "$log")
    [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
    suite package "$good" "$bad"
    [ "$bad" -eq 0 ] || show_failure "$log"
}

run_plain() {
    build plain gcc && all plain
}

# Instrumented servers are slow: longer time-outs, smaller crowds.
slowly() {
    export TEST_SLOW="$1" E2E_SCALE=0.1
}

run_address() {
    slowly 3
    export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
    build address gcc -DSANITIZE=address -DCMAKE_BUILD_TYPE=RelWithDebInfo && all address
}

run_thread() {
    slowly 4
    export TSAN_OPTIONS=halt_on_error=0:second_deadlock_stack=1
    build thread gcc -DSANITIZE=thread -DCMAKE_BUILD_TYPE=RelWithDebInfo && all thread
}

sh config/packages.sh test >"$logs/packages.log" 2>&1 || {
    tail -5 "$logs/packages.log"
    exit 1
}
sh config/bundles.sh "$out/bundles" >"$logs/bundles.log" 2>&1 || {
    cat "$logs/bundles.log"
    exit 1
}
(cd tests && npm ci --no-audit --no-fund) >"$logs/npm.log" 2>&1 || {
    tail -20 "$logs/npm.log"
    exit 1
}

began=$(date +%s)
# In this order: what the instrumented suites set stays set.
for name in ${*:-lint plain package address thread}; do
    case $name in
    lint) run_lint ;;
    plain) run_plain ;;
    package) run_package ;;
    address) run_address ;;
    thread) run_thread ;;
    *)
        echo "unknown suite $name: one of lint plain package address thread" >&2
        exit 2
        ;;
    esac
done
echo "in $((($(date +%s) - began) / 60)) minutes"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
