#!/bin/sh
# SPDX-License-Identifier: MIT
# Install what a Debian or Ubuntu machine lacks: packages.sh build|test.  It looks before it
# installs, so a machine that has everything needs neither root nor a network.
set -eu

kind=${1:?usage: packages.sh build|test}
missing=

need_command() {
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

need_library() {
    pkg-config --exists "$1" 2>/dev/null || missing="$missing $2"
}

need_file() {
    [ -e "$1" ] || missing="$missing $2"
}

# The library where the system has one, else the C sources that come with Node's package.
need_llhttp() {
    [ ! -e /usr/include/llhttp.h ] || return 0
    [ ! -e /usr/share/llhttp/llhttp.c ] || return 0
    if [ -n "$(apt-cache search --names-only '^libllhttp-dev$' 2>/dev/null)" ]; then
        missing="$missing libllhttp-dev"
    else
        missing="$missing node-llhttp"
    fi
}

# A node that brings its own npm (as from NodeSource) conflicts with the package npm.
need_npm() {
    need_command node nodejs
    command -v npm >/dev/null 2>&1 || missing="$missing npm"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

look_build() {
    need_command cc gcc
    need_command make make
    need_command cmake cmake
    need_command pkg-config pkg-config
    need_library libuv libuv1-dev
    need_library hiredis libhiredis-dev
    need_library openssl libssl-dev
    need_library jansson libjansson-dev
    need_library zlib zlib1g-dev
    need_file /usr/include/wslay/wslay.h libwslay-dev
    need_llhttp
    need_npm
}

look_test() {
    need_library cmocka libcmocka-dev
    need_command clang clang
    need_command clang-format clang-format
    need_command clang-tidy clang-tidy
    need_command cppcheck cppcheck
    need_command git git
    need_command curl curl
    need_command openssl openssl
    need_file /usr/bin/redis-server redis-server
    need_file /usr/bin/redis-cli redis-tools
    need_file /usr/sbin/nginx nginx-light
    need_command php php-cli
    need_file /usr/share/php/Illuminate/autoload.php php-laravel-framework
    need_file /usr/share/php/Illuminate/Redis php-laravel-framework
    php -m 2>/dev/null | grep -qx redis || missing="$missing php-redis"
    need_command chromium chromium
    need_command perl perl-base
    need_file /usr/bin/systemd-socket-activate systemd
    need_command objdump binutils
    need_command mandoc mandoc
    need_command debootstrap debootstrap
}

look() {
    missing=
    look_build
    [ "$kind" = build ] || look_test
    missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
}

look
[ -n "${missing% }" ] || exit 0
if [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null; then
    echo "These packages are missing; install them and run this again:" >&2
    echo "    sudo apt-get install $missing" >&2
    exit 1
fi
wait_for_lock='-o DPkg::Lock::Timeout=600'
as_root apt-get $wait_for_lock -q update
look
as_root apt-get $wait_for_lock -q install -y --no-install-recommends $missing
