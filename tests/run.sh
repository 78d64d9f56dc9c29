#!/bin/sh
# SPDX-License-Identifier: MIT
# Install what the tests need, build, run every suite and linter, and end with one line:
# "N passed, N failed".  Logs are kept in build-test/logs.
#
#   sh tests/run.sh                     everything that a change must pass, in 20 minutes
#   sh tests/run.sh quick               lint of what is not pushed yet, unit, conformance; 3 minutes
#   sh tests/run.sh long                what takes hours: every file under TSAN, rounds on a busy
#                                       machine, one server through whatever happens, fuzzing
#   sh tests/run.sh lint plain          some of: lint plain package address thread
set -u

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
out=$root/build-test
logs=$out/logs
passed=0
failed=0
flaky=0
# Most files wait most of the time: one more at once than there are cores.
jobs=$(($(nproc) + 1))
mkdir -p "$logs"

# Where several threads meet: what runs end to end under TSAN, where a file takes minutes.
# `long` runs all of them.
threads_e2e='capacity certificates channels cluster lifecycle one-worker order presence
    presence-rounds presence-whisper redis reload restart workers'
threads_conformance='api channels http-api limits presence routing upgrade'

# suite NAME PASSED FAILED: one line, and into the sum.
suite() {
    printf '%-28s %5d passed, %d failed\n' "$1" "$2" "$3"
    passed=$((passed + $2))
    failed=$((failed + $3))
}

# The lines that say what failed, or the end of a log that does not say.  An error of several lines
# shows its last ones; a test that was cancelled with its parent says nothing of its own.
show_failure() {
    found=$(awk '
        function indent(line) { match(line, /^ */); return RLENGTH }
        function tail(  i) { for (i = count > 15 ? count - 15 : 0; i < count; i++) print block[i] }
        inside && ($0 == "" || indent($0) > inside) { block[count++] = $0; next }
        inside { tail(); inside = 0 }
        /error: \|-$/ { print NR ":" $0; inside = indent($0); count = 0; next }
        /before its parent and was cancelled/ { next }
        /^not ok|error:|ERROR|FAILED|warning:|WARNING: ThreadSanitizer/ { print NR ":" $0 }' "$1" |
        head -60)
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

# note_flaky COUNT WHAT LOG: what fails and then passes is a fault of the test, or a rare one of the
# server.  It counts as failed; the repetition only tells the two apart.
note_flaky() {
    printf '    flaky: %s failed, then passed; see %s\n' "$2" "$3"
    flaky=$((flaky + $1))
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
    suite "$1/unit" "$good" "$bad"
    if [ "$bad" -gt 0 ] && ctest --test-dir "$out/$1" --rerun-failed -V >"$log.again" 2>&1; then
        note_flaky "$bad" \
            "$(sed -n 's/.*Test *#[0-9]*: \([^ ]*\) .*Failed.*/\1/p' "$log" | tr '\n' ' ')" "$log"
    fi
    [ "$bad" -eq 0 ] || show_failure "$log"
}

# tally LOG STATUS: what a run of a file came to, into file_good and file_bad.
tally() {
    file_good=$(sed -n 's/^# pass \([0-9]*\).*/\1/p' "$1" | tail -1)
    file_bad=$(awk '/^# (fail|cancelled) / { n += $3 } END { print n + 0 }' "$1")
    [ "$2" -eq 0 ] || [ "$file_bad" -gt 0 ] || file_bad=1
}

# repeat_file FILE LOG: once more, alone, what failed beside others.
repeat_file() {
    if node --test --test-concurrency=1 --test-reporter=tap "$1" >"$2.again" 2>&1 </dev/null; then
        note_flaky "$file_bad" "$1" "$2"
    else
        printf '    %s failed twice; see %s\n' "$1" "$2"
    fi
}

# node_suite BUILD FOLDER [NAME...]: the files of a folder, or those named, against a build.
node_suite() {
    name=$1
    folder=$2
    shift 2
    [ $# -gt 0 ] || set -- $(cd "tests/$folder" && ls -S ./*.test.mjs | sed 's#^./##; s#.test.mjs$##')
    good=0
    bad=0
    export ECHO_SERVER="$out/$name/echo-server"
    for file; do
        printf '%s\n' "tests/$folder/$file.test.mjs" "$logs/$name-$folder-$file.log"
    done | xargs -P "$jobs" -n 2 sh -c '
        node --test --test-concurrency=1 --test-reporter=tap "$1" >"$2" 2>&1 </dev/null
        echo $? >"$2.status"' node_file
    for file; do
        log=$logs/$name-$folder-$file.log
        tally "$log" "$(cat "$log.status")"
        good=$((good + ${file_good:-0}))
        bad=$((bad + file_bad))
        [ "$file_bad" -eq 0 ] || {
            show_failure "$log"
            repeat_file "tests/$folder/$file.test.mjs" "$log"
        }
    done
    suite "$name/$folder" "$good" "$bad"
}

lint_texts() {
    check lint/layers sh tests/lint/layers.sh
    check lint/text sh tests/lint/text.sh
    check lint/links sh tests/lint/links.sh
    check lint/map sh tests/lint/map.sh
    check lint/generated sh tests/lint/generated.sh "$out/$1"
}

# lint_files BUILD FILE...: what looks into sources, one by one.
lint_files() {
    built=$1
    shift
    check lint/format clang-format --dry-run -Werror "$@"
    set -- $(printf '%s\n' "$@" | grep '^src/.*\.c$')
    [ $# -gt 0 ] || return 0
    check lint/cppcheck cppcheck --quiet --std=c11 --enable=warning,performance,portability \
        --inline-suppr --error-exitcode=1 -D_GNU_SOURCE -Iinclude -j "$(nproc)" "$@"
    check lint/clang-tidy sh -c '
        build=$1; shift
        printf "%s\n" "$@" | xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p "$build"' \
        sh "$out/$built" "$@"
}

run_lint() {
    build clang clang || return
    lint_texts clang
    check lint/symbols sh tests/lint/symbols.sh "$out/clang"
    check lint/structure node tests/lint/structure.mjs "$out/clang" --check
    lint_files clang $(git ls-files '*.c' '*.h')
}

# The C files that the branch has and its upstream has not.
changed_files() {
    base=$(git merge-base HEAD '@{upstream}' 2>/dev/null || echo HEAD)
    {
        git diff --name-only --diff-filter=d "$base" -- '*.c' '*.h'
        git ls-files --others --exclude-standard -- '*.c' '*.h'
    } | sort -u
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
    build plain gcc || return
    check plain/hardening sh tests/lint/hardening.sh "$out/plain/echo-server" "$root" "$out/plain"
    unit plain
    node_suite plain conformance
    node_suite plain e2e
}

# Instrumented servers are slow: longer time-outs, smaller crowds.
slowly() {
    export TEST_SLOW="$1" E2E_SCALE=0.1
}

build_address() {
    slowly 3
    export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
    build address gcc -DSANITIZE=address -DCMAKE_BUILD_TYPE=RelWithDebInfo
}

build_thread() {
    slowly 4
    export TSAN_OPTIONS=halt_on_error=0:second_deadlock_stack=1
    build thread gcc -DSANITIZE=thread -DCMAKE_BUILD_TYPE=RelWithDebInfo
}

run_address() {
    build_address || return
    unit address
    node_suite address conformance
    node_suite address e2e
}

run_thread() {
    build_thread || return
    unit thread
    node_suite thread conformance $threads_conformance
    node_suite thread e2e $threads_e2e
}

run_quick() {
    build_address || return
    lint_texts address
    files=$(changed_files)
    [ -z "$files" ] || lint_files address $files
    unit address
    node_suite address conformance
}

# busily COMMAND...: with a busy process on each core beside it.
busily() {
    pids=
    for core in $(seq "$(nproc)"); do
        sh -c 'while :; do :; done' &
        pids="$pids $!"
    done
    "$@"
    kill $pids
}

# ROUNDS: of all files on a busy machine; SOAK_MINUTES: of one server; FUZZ_SECONDS: of each fuzzer.
run_long() {
    for round in $(seq "${ROUNDS:-3}"); do
        busily run_plain
    done
    check soak env ECHO_SERVER="$out/plain/echo-server" \
        node tests/soak/soak.mjs --minutes="${SOAK_MINUTES:-30}"
    check fuzz sh tests/fuzz/run.sh "${FUZZ_SECONDS:-600}"
    grep -v '^ ' "$logs/fuzz.log" | sed 's/^/    /'
    build_thread || return
    node_suite thread conformance
    node_suite thread e2e
}

began=$(date +%s)
sh config/packages.sh test >"$logs/packages.log" 2>&1 || {
    tail -5 "$logs/packages.log"
    exit 1
}
sh config/bundles.sh "$out/bundles" >"$logs/bundles.log" 2>&1 || {
    cat "$logs/bundles.log"
    exit 1
}
# Only when the lock changed.
cmp -s tests/package-lock.json tests/node_modules/.installed-lock.json || {
    (cd tests && npm ci --no-audit --no-fund && cp package-lock.json node_modules/.installed-lock.json)
} >"$logs/npm.log" 2>&1 || {
    tail -20 "$logs/npm.log"
    exit 1
}

# In this order: what the instrumented suites set stays set.
for name in ${*:-lint plain package address thread}; do
    case $name in
    lint) run_lint ;;
    plain) run_plain ;;
    package) run_package ;;
    address) run_address ;;
    thread) run_thread ;;
    quick) run_quick ;;
    long) run_long ;;
    *)
        echo "unknown suite $name: one of lint plain package address thread quick long" >&2
        exit 2
        ;;
    esac
done
seconds=$(($(date +%s) - began))
echo "in $((seconds / 60)) min $((seconds % 60)) s"
[ "$flaky" -eq 0 ] || echo "flaky: $flaky of those that failed passed when repeated"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
