#!/bin/sh
# SPDX-License-Identifier: MIT
# The .deb, as administrators meet it: built, installed with apt on clean roots of Debian 12 and 13,
# started by its unit's command line, an event delivered, removed.  A line a check, and at the end
# "N passed, N failed".  Needs root.  The bare roots are kept in build-test/package, so that the
# next run need not fetch them.
#
#   sh tests/package/run.sh [FOLDER OF THE BROWSER CLIENTS]
set -u

here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
bundles=${1:-$source/build-test/bundles}
work=$source/build-test/package
suites='bookworm trixie'

# In name spaces of its own: whatever happens, no mount and no process stays behind.
if [ -z "${PACKAGE_TEST_INSIDE-}" ]; then
    mkdir -p "$work/logs" "$work/roots" "$work/mnt"
    exec env PACKAGE_TEST_INSIDE=1 unshare --mount --pid --fork --kill-child --mount-proc \
        sh "$0" "$@"
fi

# The time that the package says it was made at.
SOURCE_DATE_EPOCH=$(git -C "$source" log -1 --format=%ct)
export SOURCE_DATE_EPOCH
logs=$work/logs
mnt=$work/mnt
passed=0
failed=0

# check NAME COMMAND...: passes with status 0; a failure shows what it said.
check() {
    name=$1
    shift
    log=$logs/$(printf '%s' "$name" | tr -c 'A-Za-z0-9\n' '-').log
    if "$@" >"$log" 2>&1; then
        echo "ok $name"
        passed=$((passed + 1))
    else
        echo "not ok $name"
        tail -15 "$log" | sed 's/^/    /'
        failed=$((failed + 1))
        return 1
    fi
}

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}

# ---- the package ----

# compile SOURCE BUILD: where ccache must not make paths relative in its own way.
compile() {
    launcher=$(command -v ccache)
    cmake -S "$1" -B "$2" -DCMAKE_INSTALL_PREFIX=/usr -DSTATIC_LIBRARIES=ON \
        -DBUILD_TESTS=OFF -DWERROR=ON -DBUNDLES_DIR="$bundles" \
        ${launcher:+-DCMAKE_C_COMPILER_LAUNCHER="$launcher"} &&
        CCACHE_BASEDIR='' cmake --build "$2" -j "$(nproc)"
}

build() {
    compile "$source" "$work/build" &&
        rm -f "$work"/build/*.deb &&
        (cd "$work/build" && cpack -G DEB)
}

is_hardened() {
    sh "$source/tests/lint/hardening.sh" "$work/build/echo-server" "$source" "$work/build"
}

# The folder of the sources and that of the build leave no trace.
is_the_same_from_elsewhere() {
    elsewhere=$mnt/another/place
    mkdir -p "$elsewhere" &&
        (cd "$source" && cp -a CMakeLists.txt README.md echo-server.example.json config docs \
            include src "$elsewhere") &&
        compile "$elsewhere" "$elsewhere/made" &&
        cmp "$work/build/echo-server" "$elsewhere/made/echo-server" &&
        cmp "$work/build/echo-server.spdx.json" "$elsewhere/made/echo-server.spdx.json"
}

says_what_is_in_it() {
    dpkg-deb --fsys-tarfile "$deb" |
        tar -xO ./usr/share/doc/echo-server/echo-server.spdx.json >"$work/echo-server.spdx.json" &&
        node "$here/sbom.mjs" "$work/echo-server.spdx.json" "$work/build/echo-server" "$bundles"
}

# What the binary asks of a library is in all four releases.
no_symbol_above() {
    worst=$(objdump -T "$work/build/echo-server" | grep -oE "${1}_[0-9][0-9.]*" | sort -V | tail -1)
    echo "$worst"
    [ -n "$worst" ] && [ "$(printf '%s\n%s\n' "$worst" "${1}_$2" | sort -V | tail -1)" = "${1}_$2" ]
}

links_what_it_depends_on() {
    needed=$(objdump -p "$work/build/echo-server" | sed -n 's/^ *NEEDED *//p' | sort | tr '\n' ' ')
    depends=$(dpkg-deb -f "$deb" Depends)
    echo "$needed"
    echo "$depends"
    [ "$needed" = 'libc.so.6 libcrypto.so.3 libssl.so.3 libwslay.so.1 libz.so.1 ' ] &&
        [ "$depends" = 'adduser, libc6 (>= 2.35), libssl3 | libssl3t64, libwslay1, zlib1g (>= 1:1.2.11)' ]
}

exposure_is_low() {
    systemd-analyze security --offline=true --no-pager "$source/config/$1" | tail -1 |
        tee "$logs/exposure-$1"
    score=$(grep -oE '[0-9]+\.[0-9]+' "$logs/exposure-$1")
    [ "$(printf '%s\n2.0\n' "$score" | sort -V | tail -1)" = 2.0 ]
}

manual_is_clean() {
    mandoc -T lint -W warning "$source/docs/echo-server.1"
}

# Every command and option that the program lists is in its manual.
manual_is_whole() {
    program=$work/build/echo-server
    commands=$("$program" --help | sed -n 's/^  \([a-z][a-z:]*\).*/\1/p')
    missing=
    for command in $commands; do
        grep -q "^\.It Cm .*$command" "$source/docs/echo-server.1" || missing="$missing $command"
        for option in $("$program" "$command" --help | sed -n 's/^  .*  *--\([A-Za-z-]*\).*/\1/p'); do
            grep -qE "Fl Fl $option( |$)" "$source/docs/echo-server.1" ||
                missing="$missing $command:--$option"
        done
    done
    echo "missing:$missing"
    [ -z "$missing" ]
}

offers() {
    echo "$2"
    PATH=$work/build:$PATH bash -c '
        compopt() { :; }
        . "$1"
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _echo_server
        echo " ${COMPREPLY[*]} "' bash "$source/config/echo-server.bash" $1 | grep -F -e " $2 "
}

completion_offers_what_there_is() {
    offers 'echo-server st' stop && offers 'echo-server start --' --config= &&
        offers 'echo-server start --fo' --force
}

# ---- clean roots ----

# By the machine's own sources.
mirror() {
    apt-get indextargets --format '$(ORIGIN) $(LABEL) $(SITE)' 'Created-By: Packages' |
        sed -n 's/^Debian Debian \([^ ]*\)$/\1/p' | head -1
}

# In memory: dpkg waits for the disk after each file.
make_root() {
    [ ! -e "$work/roots/$1.tar" ] || return 0
    from=$(mirror)
    [ -n "$from" ] || {
        echo "apt has no source of Debian"
        return 1
    }
    debootstrap --variant=minbase "$1" "$mnt/bare-$1" "$from" &&
        apt-config dump | grep -iE '^Acquire::(https?::Proxy|Check-)' \
            >"$mnt/bare-$1/etc/apt/apt.conf.d/80machine"
    chroot "$mnt/bare-$1" apt-get -q update &&
        chroot "$mnt/bare-$1" apt-get clean &&
        tar -C "$mnt/bare-$1" --exclude='./dev/*' -cf "$work/roots/$1.part" . &&
        mv "$work/roots/$1.part" "$work/roots/$1.tar"
    status=$?
    umount -R "$mnt/bare-$1/proc" 2>/dev/null
    rm -rf "$mnt/bare-$1"
    return $status
}

# open_root SUITE NAME: a fresh copy at $root.
open_root() {
    root=$mnt/$2
    mkdir "$root" && tar -C "$root" -xf "$work/roots/$1.tar" &&
        cp /etc/resolv.conf "$root/etc/resolv.conf" &&
        mount --rbind /dev "$root/dev" && mount -t proc proc "$root/proc"
}

close_root() {
    umount -R "$root/dev" "$root/proc"
    rm -rf --one-file-system "$root"
}

path=/usr/sbin:/usr/bin:/sbin:/bin

in_root() {
    env -i PATH="$path" DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}

# ---- what an administrator does ----

installs() {
    cp "$deb" "$root/tmp/echo-server.deb"
    in_root apt-get -q install -y --no-install-recommends /tmp/echo-server.deb ||
        { in_root apt-get -q update &&
            in_root apt-get -q install -y --no-install-recommends /tmp/echo-server.deb; }
}

# npm's program, as a machine may have it.
put_reference() {
    mkdir -p "$root/usr/local/bin"
    echo 'echo "of npm"' >"$root/usr/local/bin/laravel-echo-server"
    chmod 755 "$root/usr/local/bin/laravel-echo-server"
}

reference_is_untouched() {
    [ "$(in_root sh -c 'PATH=/usr/local/bin:$PATH laravel-echo-server')" = 'of npm' ]
}

compat_is_offered() {
    version=$(in_root /usr/lib/echo-server/compat/laravel-echo-server --version)
    echo "$version"
    [ "$version" = "$(in_root echo-server --version)" ] && [ -n "$version" ]
}

nothing_was_begun() {
    enabled=$(find "$root/etc/systemd/system" -name '*echo-server*' 2>/dev/null)
    runs=$(for exe in /proc/[0-9]*/exe; do readlink "$exe"; done | grep "^$root/usr/bin/echo-server")
    echo "enabled: $enabled runs: $runs"
    [ -z "$enabled$runs" ]
}

configuration_is_private() {
    modes=$(in_root stat -c '%U:%G %a' /etc/echo-server/echo-server.json)
    echo "$modes"
    [ "$modes" = 'root:echo-server 640' ]
}

dependencies_are_there() {
    in_root ldd /usr/bin/echo-server
    ! in_root ldd /usr/bin/echo-server | grep 'not found'
}

free_port() {
    node -e 'const s = require("net").createServer().listen(0, "127.0.0.1",
        () => { console.log(s.address().port); s.close(); })'
}

# write_configuration FILE: as an administrator edits it.
write_configuration() {
    port=$(free_port)
    node -e 'const fs = require("fs"), [file, port] = process.argv.slice(1);
        const c = JSON.parse(fs.readFileSync(file, "utf8"));
        Object.assign(c, { host: "127.0.0.1", port: Number(port),
            clients: [{ appId: "app", key: "key" }], subscribers: { http: true, redis: false },
            database: "sqlite" });
        fs.writeFileSync(file, JSON.stringify(c, null, 4))' "$1" "$port"
}

# setting NAME: of the installed unit, with its specifiers as in the system's manager.
setting() {
    sed -n "s/^$1=//p" "$root/usr/lib/systemd/system/echo-server.service" | sed 's,%t,/run,g'
}

# By the unit: its command, its user, its variables, its folder.
start_by_unit() {
    user=$(setting User)
    in_root install -d -o "$user" "/run/$(setting RuntimeDirectory)" || return 1
    ids=$(awk -F: -v user="$user" '$1 == user { print $3 ":" $4 }' "$root/etc/passwd")
    # Words of the unit, split as systemd does where nothing is quoted.
    env -i PATH="$path" $(setting Environment) chroot --userspec="$ids" "$root" $(setting ExecStart) \
        >"$logs/server.out" 2>"$logs/server.err" &
    server=$!
    serves
}

serves() {
    for i in $(seq 300); do
        curl -sf "http://127.0.0.1:$port/health/live" >/dev/null && return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    cat "$logs/server.out" "$logs/server.err"
    return 1
}

runs_as_its_user() {
    id=$(in_root id -u echo-server)
    uid=$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "/proc/$server/status")
    echo "$uid, not $id"
    [ "$uid" = "$id" ] && [ "$uid" != 0 ]
}

lock_is_in_its_folder() {
    ls -l "$root/run/echo-server" "$root/etc/echo-server"
    [ -e "$root/run/echo-server/echo-server.lock" ] &&
        [ ! -e "$root/etc/echo-server/echo-server.lock" ]
}

delivers() {
    node "$here/deliver.mjs" "$port"
}

ends() {
    kill "$server"
    wait "$server"
    code=$?
    echo "exit code $code"
    cat "$logs/server.err"
    # The manager removes the folder; it is empty.
    [ "$code" -eq 0 ] && rmdir "$root/run/$(setting RuntimeDirectory)"
}

configuration_is_kept() {
    in_root apt-get -q remove -y echo-server
    [ ! -e "$root/usr/bin/echo-server" ] && grep -q '"appId"' "$root/etc/echo-server/echo-server.json"
}

comes_back_with_it() {
    installs && grep -q '"appId"' "$root/etc/echo-server/echo-server.json" &&
        configuration_is_private
}

purge_leaves_nothing() {
    in_root apt-get -q purge -y echo-server
    left=$(find "$root/etc" "$root/usr" "$root/run" -name '*echo-server*' ! -path '*/local/*')
    echo "$left"
    [ -z "$left" ]
}

run_suite() {
    suite=$1
    check "$suite: a clean root" open_root "$suite" "$suite" || return
    put_reference
    if check "$suite: apt installs it" installs; then
        check "$suite: every library is there" dependencies_are_there
        check "$suite: nothing is enabled or started" nothing_was_begun
        check "$suite: the configuration is for root and the service" configuration_is_private
        check "$suite: npm's laravel-echo-server is untouched" reference_is_untouched
        check "$suite: compat/laravel-echo-server is offered" compat_is_offered
        write_configuration "$root/etc/echo-server/echo-server.json"
        if check "$suite: starts by its unit's command line" start_by_unit; then
            check "$suite: runs as its user" runs_as_its_user
            check "$suite: holds its lock in the runtime folder" lock_is_in_its_folder
            check "$suite: delivers an event" delivers
            check "$suite: ends in order" ends
        fi
        check "$suite: removed, it leaves the configuration" configuration_is_kept
        check "$suite: installed again, it finds the configuration" comes_back_with_it
        check "$suite: purged, it leaves nothing" purge_leaves_nothing
    fi
    close_root
}

# ---- the container ----

dockerfile() {
    action=$1
    shift
    LARAVEL_ECHO_SERVER_PORT=$port node "$here/dockerfile.mjs" "$action" "$source/config/Dockerfile" "$@"
}

# Everything but the volumes and what an engine mounts is read-only.
seal_root() {
    mount --bind "$root" "$root" && mount -o remount,bind,ro "$root" || return 1
    mount --rbind /dev "$root/dev" && mount -t proc proc "$root/proc" || return 1
    for volume in $(dockerfile volumes); do
        owner=$(stat -c 'uid=%u,gid=%g' "$root$volume")
        mount -t tmpfs -o "$owner" tmpfs "$root$volume" || return 1
    done
    ! touch "$root/tmp/x"
}

start_container() {
    dockerfile run "$root" >"$logs/server.out" 2>"$logs/server.err" &
    server=$!
    serves
}

container_is_healthy() {
    dockerfile health "$root"
}

container_runs_as_user() {
    users=$(for exe in /proc/[0-9]*/exe; do
        case $(readlink "$exe") in
        */usr/bin/echo-server) stat -c %u "${exe%/exe}" ;;
        esac
    done | sort -u)
    echo "$users"
    [ -n "$users" ] && ! echo "$users" | grep -qx 0
}

container_ends() {
    pid=$(sed -n 's/.*: *\([0-9]*\)$/\1/p' "$root/run/echo-server/echo-server.lock")
    kill "$pid" && wait "$server"
}

container_is_unhealthy() {
    ! dockerfile health "$root"
}

run_container() {
    check 'container: a clean root' open_root bookworm container || return
    port=$(free_port)
    if check 'container: the steps of the Dockerfile' dockerfile build "$work/build" "$root"; then
        write_configuration "$root/etc/echo-server/echo-server.json"
        check 'container: its root is read-only' seal_root
        if check 'container: starts' start_container; then
            check 'container: runs as its user' container_runs_as_user
            check 'container: is healthy' container_is_healthy
            check 'container: delivers an event' delivers
            check 'container: ends in order' container_ends
            check 'container: is unhealthy when nothing serves' container_is_unhealthy
        fi
    fi
}

# ---- a real systemd ----

# Packages of a machine that boots, and that has the peers of the server.
becomes_a_machine() {
    in_root apt-get -q update && in_root apt-get -q install -y --no-install-recommends \
        systemd-sysv dbus procps libnss-myhostname redis-server openssl && installs || return 1
    cp "$here/booted.sh" "$root/booted.sh"
    cat >"$root/etc/systemd/system/booted.service" <<'EOF'
[Unit]
After=multi-user.target redis-server.service
[Service]
ExecStart=/bin/sh /booted.sh
[Install]
WantedBy=default.target
EOF
    in_root systemctl enable booted
}

# Its own mounts are systemd's.  nspawn's filter is older than Landlock.
boots() {
    umount -R "$root/dev" "$root/proc"
    timeout 300 systemd-nspawn -q -b --register=no --keep-unit -D "$root" --system-call-filter='
        landlock_create_ruleset landlock_add_rule landlock_restrict_self' </dev/null
    grep -qx 'done' "$root/booted"
}

run_booted() {
    command -v systemd-nspawn >/dev/null || {
        echo 'skipped: the unit under a real systemd, which needs the package systemd-container'
        return
    }
    check 'booted: a clean root' open_root bookworm booted || return
    if check 'booted: with systemd, Redis and the package' becomes_a_machine &&
        check 'booted: boots and ends' boots; then
        sed 's/^\(not \)*ok /&booted: /' "$root/booted"
        passed=$((passed + $(grep -c '^ok ' "$root/booted")))
        failed=$((failed + $(grep -c '^not ok ' "$root/booted")))
    fi
    rm -rf --one-file-system "$root"
}

# ---- all of it ----

mount -t tmpfs -o size=3g,mode=755 package-test "$mnt" || exit 1
for suite in $suites; do
    make_root "$suite" >"$logs/root-$suite.log" 2>&1 &
    eval "making_$suite=$!"
done
check 'the package is built' build || finish
deb=$(ls "$work"/build/*.deb)
check 'the program is hardened' is_hardened
check 'it says what is in it' says_what_is_in_it
check 'built elsewhere it is the same, byte for byte' is_the_same_from_elsewhere
check 'no symbol of the C library above 2.35' no_symbol_above GLIBC 2.35
check 'no symbol of OpenSSL above 3.0.2' no_symbol_above OPENSSL 3.0.2
check 'it links what it depends on, and no more' links_what_it_depends_on
check 'echo-server.service is sandboxed' exposure_is_low echo-server.service
check 'echo-server@.service is sandboxed' exposure_is_low echo-server@.service
cat "$logs"/exposure-* | sed 's/^/    /'
check 'the manual is clean' manual_is_clean
check 'the manual names every command and option' manual_is_whole
check 'the completion offers what there is' completion_offers_what_there_is
for suite in $suites; do
    eval "making=\$making_$suite"
    if check "$suite: debootstrap" wait "$making"; then
        run_suite "$suite"
    else
        tail -5 "$logs/root-$suite.log" | sed 's/^/    /'
    fi
done
run_container
run_booted
finish
