#!/bin/sh
# SPDX-License-Identifier: MIT
# Inside a booted root, as its service `booted`: the packaged unit under a real systemd.  A line a
# check in /booted, the last one "done"; then the machine ends.
set -u
exec >/booted 2>&1
port=6001
config=/etc/echo-server/echo-server.json

check() {
    name=$1
    shift
    if "$@" >/tmp/said 2>&1; then
        echo "ok $name"
    else
        echo "not ok $name"
        tail -15 /tmp/said | sed 's/^/    /'
    fi
}

# soon COMMAND...: within ten seconds.
soon() {
    for i in $(seq 100); do
        "$@" && return 0
        sleep 0.1
    done
    return 1
}

# make_certificate FOLDER NAME
make_certificate() {
    install -d -o echo-server "$1" &&
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
            -subj "/CN=$2" -addext "subjectAltName=DNS:$2" -keyout "$1/key.pem" -out "$1/cert.pem" \
            2>/dev/null &&
        chown echo-server "$1/key.pem"
}

# configure FOLDER: of the certificate.  Redis is found by a name that only a module of the C
# library knows (libnss-myhostname).
configure() {
    cat >"$config.new" <<EOF
{ "host": "127.0.0.1", "port": $port, "protocol": "https", "logLevel": "info",
  "sslCertPath": "$1/cert.pem", "sslKeyPath": "$1/key.pem",
  "databaseConfig": { "redis": { "host": "redis.localhost", "port": 6379 } } }
EOF
    chown root:echo-server "$config.new" && chmod 640 "$config.new" && mv "$config.new" "$config"
}

serves() {
    openssl s_client -connect "127.0.0.1:$port" </dev/null 2>/dev/null | grep "subject=CN = $1"
}

says() {
    journalctl -o cat -u echo-server | grep -e "$1"
}

log_has() {
    soon says "$1" || {
        journalctl -o cat -u echo-server
        return 1
    }
}

is_caged() {
    pid=$(systemctl show -P MainPID echo-server)
    grep -H . /proc/"$pid"/task/*/comm
    grep -hE '^(Seccomp|NoNewPrivs):' /proc/"$pid"/task/*/status | sort | uniq -c
    ! grep -hE '^(Seccomp|NoNewPrivs):' /proc/"$pid"/task/*/status |
        grep -vE '^(Seccomp:.2|NoNewPrivs:.1)$'
}

status_says() {
    echo-server status "--config=$config" | tee /dev/stderr | grep -E "$1"
}

reloads_to() {
    configure "$1" && systemctl reload echo-server && soon serves "$2"
}

ended_in_order() {
    systemctl show -P ExecMainStatus echo-server | tee /dev/stderr | grep -x 0 &&
        systemctl is-failed echo-server | grep -x inactive && ! says 'sandbox denied'
}

make_certificate /etc/echo-server/first first
make_certificate /etc/echo-server/second second
make_certificate /srv/third third
configure /etc/echo-server/first
check 'starts' systemctl start echo-server
check 'is ready' log_has 'ready port='
check 'resolves a name' log_has 'redis ready'
check 'serves TLS' soon serves first
check 'every thread is in the sandbox' is_caged
check 'status shows the sandbox' status_says 'sandbox .*seccomp'
check 'reloads to a certificate in another folder' reloads_to /etc/echo-server/second second
configure /srv/third
systemctl reload echo-server
check 'names a folder that it cannot reach' log_has 'the sandbox hides /srv/third .*restart'
check 'keeps its certificate' serves second
check 'takes it after a restart' systemctl restart echo-server
check 'and serves it' soon serves third
check 'stops' systemctl stop echo-server
check 'has ended in order' ended_in_order
systemd-analyze security --no-pager echo-server | tail -1
echo 'done'
systemctl poweroff
