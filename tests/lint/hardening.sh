#!/bin/sh
# SPDX-License-Identifier: MIT
# What config/cmake/hardening.cmake promises, looked for in a release build of the program:
# hardening.sh BINARY [FOLDER...], where no path of the folders may be in the binary.  With a line
# for each promise.
set -u
export LC_ALL=C
binary=${1:?usage: hardening.sh BINARY [FOLDER...]}
shift
status=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
readelf -W --file-header --program-headers --dynamic --notes "$binary" >"$work/elf" &&
    readelf -W --dyn-syms "$binary" >"$work/symbols" &&
    readelf -W --debug-dump=info "$binary" 2>/dev/null | grep 'DW_AT_producer.*GNU C' >"$work/compiled"

# holds WHAT PATTERN FILE: some line matches.
holds() {
    if grep -qE -e "$2" "$work/$3"; then
        echo "yes  $1"
    else
        echo "NO   $1"
        status=1
    fi
}

# lacks WHAT PATTERN FILE: no line matches.
lacks() {
    if found=$(grep -nE -e "$2" "$work/$3" | head -3) && [ -n "$found" ]; then
        printf 'NO   %s\n%s\n' "$1" "$found"
        status=1
    else
        echo "yes  $1"
    fi
}

# compiled WHAT PATTERN: each unit of C says so, where the debug information is still there and
# lists its switches, as gcc's does.
compiled() {
    if [ ! -s "$work/compiled" ]; then
        echo "     $1: the binary does not say"
    elif grep -vqE -e "$2" "$work/compiled"; then
        printf 'NO   %s\n%s\n' "$1" "$(grep -vE -e "$2" "$work/compiled" | head -1)"
        status=1
    else
        echo "yes  $1"
    fi
}

holds 'position independent' 'FLAGS_1.* PIE' elf
holds 'relocations are read-only' 'GNU_RELRO' elf
holds 'everything is bound at the start' 'BIND_NOW' elf
holds 'the stack is not executable' 'GNU_STACK .* RW ' elf
lacks 'nothing is writable and executable' '^ +[A-Z_]+ .* RWE ' elf
lacks 'no relocation in the code' 'TEXTREL' elf
lacks 'no library path' 'RPATH|RUNPATH' elf
holds 'checked functions of the C library' ' __(memcpy|snprintf|vsnprintf)_chk@' symbols
lacks 'no function that has no check' ' (gets|strcpy|strcat|sprintf|vsprintf)@' symbols
holds 'canaries in the stack' ' __stack_chk_fail@' symbols
compiled 'canaries in the stack, in each file' '-fstack-protector-strong'
compiled 'a stack grows page by page' '-fstack-clash-protection'
compiled 'variables begin as zero' '-ftrivial-auto-var-init=zero'
case $(uname -m) in
x86_64)
    holds 'made for a shadow stack' 'x86 feature:.*SHSTK' elf
    compiled 'marks for indirect branches' '-fcf-protection(=full)?( |$)'
    ;;
aarch64)
    compiled 'marks for indirect branches, signed return addresses' '-mbranch-protection=standard'
    ;;
esac
strings -a "$binary" >"$work/strings"
for folder; do
    if grep -F -m 3 -e "$folder/" "$work/strings"; then
        echo "NO   no path of the folder where it was built"
        status=1
    else
        echo "yes  no path of $folder"
    fi
done
exit $status
