#!/bin/sh
# SPDX-License-Identifier: MIT
# All fuzzers, so many seconds each, as many at once as there are cores, with AddressSanitizer and
# UndefinedBehaviorSanitizer.  A line for each, and at a crash the input that causes it and status 1.
# What is found stays in build-test/fuzz-corpus, so that the next run begins with it.
#
#   sh tests/fuzz/run.sh [SECONDS] [NAME...]
#   sh tests/fuzz/run.sh --keep [NAME...]      the smallest of what was found, into tests/fuzz/corpus
set -u

cd "$(dirname "$0")/../.." || exit 1
root=$PWD
build=$root/build-test/fuzz
found=$root/build-test/fuzz-corpus
logs=$root/build-test/logs
bundles=$root/build-test/bundles
keep_files=100
keep_bytes=51200
input_bytes=4096
mkdir -p "$logs" "$found"

mode=run
seconds=60
case ${1-} in
--keep)
    mode=keep
    shift
    ;;
[0-9]*)
    seconds=$1
    shift
    ;;
esac
[ $# -gt 0 ] || set -- $(cd tests/fuzz/corpus && ls)

launcher=$(command -v ccache)
{
    cmake -S . -B "$build" -DCMAKE_C_COMPILER=clang -DSANITIZE=address -DFUZZ=ON -DBUILD_TESTS=ON \
        -DBUNDLES_DIR="$bundles" ${launcher:+-DCMAKE_C_COMPILER_LAUNCHER="$launcher"} &&
        cmake --build "$build" -j "$(nproc)" --target fuzzers
} >"$logs/fuzz-build.log" 2>&1 || {
    tail -20 "$logs/fuzz-build.log"
    exit 1
}

# The few that reach every edge, small ones first, up to the limits; and those that were written by
# hand, which are not named by a digest.
keep() {
    merged=$(mktemp -d)
    mkdir -p "$found/$1"
    "$build/tests/fuzz_$1" -set_cover_merge=1 -use_counters=0 -max_len=512 "$merged" \
        "tests/fuzz/corpus/$1" "$found/$1" >"$logs/fuzz-$1-merge.log" 2>&1 || return 1
    find "tests/fuzz/corpus/$1" -type f | grep -E '/[0-9a-f]{40}$' | xargs -r rm
    ls -rS "$merged" | head -"$keep_files" | while read -r file; do
        used=$((${used-0} + $(wc -c <"$merged/$file")))
        [ "$used" -gt "$keep_bytes" ] || cp "$merged/$file" "tests/fuzz/corpus/$1/"
    done
    rm -rf "$merged"
    echo "$1: $(ls "tests/fuzz/corpus/$1" | wc -l) files"
}

if [ "$mode" = keep ]; then
    for name; do
        keep "$name" || exit 1
    done
    exit 0
fi

for name; do
    mkdir -p "$found/$name"
    printf '%s\n' "$name"
done | xargs -P "$(nproc)" -n 1 sh -c '
    build=$1; found=$2; logs=$3; seconds=$4; bytes=$5; name=$6
    "$build/tests/fuzz_$name" -max_total_time="$seconds" -max_len="$bytes" -timeout=20 \
        -print_final_stats=1 -artifact_prefix="$found/crash-$name-" \
        "$found/$name" "tests/fuzz/corpus/$name" >"$logs/fuzz-$name.log" 2>&1 </dev/null
    echo $? >"$logs/fuzz-$name.status"' fuzz "$build" "$found" "$logs" "$seconds" "$input_bytes"

# number PATTERN FILE: the last number that follows it.
number() {
    grep -oE "$1 *[0-9]+" "$2" | tail -1 | grep -oE '[0-9]+$'
}

status=0
printf '%-14s %11s %7s %8s %7s\n' fuzzer runs edges corpus new
for name; do
    log=$logs/fuzz-$name.log
    printf '%-14s %11s %7s %8s %7s\n' "$name" "$(number number_of_executed_units: "$log")" \
        "$(number cov: "$log")" "$(number corp: "$log")" "$(number new_units_added: "$log")"
    [ "$(cat "$logs/fuzz-$name.status")" -eq 0 ] || {
        status=1
        echo "    failed: $(sed -n 's/.*Test unit written to //p' "$log" | tail -1); see $log"
    }
done
exit $status
