#!/bin/sh
# SPDX-License-Identifier: MIT
# What README.md and docs/ point at is there: relative links, their headings, and the files of
# config/ and docs/ that are named.  Laravel has a folder config too: its files end with .php.
set -u
cd "$(dirname "$0")/../.."
status=0

pages=$(git ls-files --cached --others --exclude-standard README.md 'docs/*.md')

missing() {
    printf '%s: %s\n' "$1" "$2"
    status=1
}

# What links to the headings of a page look like.
anchors() {
    sed -n 's/^##* //p' "$1" | tr 'A-Z' 'a-z' | sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

check_link() {
    file=${2%%#*}
    anchor=
    [ "$file" = "$2" ] || anchor=${2#*#}
    target=$1
    [ -z "$file" ] || target=$(dirname "$1")/$file
    if [ ! -e "$target" ]; then
        missing "$1" "a link to $2, which is not there"
    elif [ -n "$anchor" ] && ! anchors "$target" | grep -qxF -- "$anchor"; then
        missing "$1" "a link to $2, which is no heading"
    fi
}

for page in $pages; do
    for link in $(grep -oE '\]\([^) ]+\)' "$page" | sed 's/^](//; s/)$//' | grep -vE '^[a-z]+:'); do
        check_link "$page" "$link"
    done
    for file in $(grep -oE '(^|[^A-Za-z0-9_./-])(config|docs)/[A-Za-z0-9_.@/-]*[A-Za-z0-9]' "$page" |
        sed 's/^[^a-z]*//' | grep -v '\.php$' | sort -u); do
        [ -e "$file" ] || missing "$page" "it names $file, which is not there"
    done
done
exit $status
