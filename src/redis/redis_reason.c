/* SPDX-License-Identifier: MIT */
/*
 * redis_reason: tables from what a server or net says to what an operator can do.
 *
 * In a text @ is where, ! the action, $ the options' group, # the option of the password, and % the
 * options of the address.
 */
#include "redis_reason.h"

#include <stdio.h>

#include "base/attr.h"
#include "base/buffer.h"

#define OPTIONS "databaseConfig.redis."

struct row {
    const char *said, *text;
};

/* In the order in which they are looked for. */
static const struct row refusals[] = {
    { "protected mode", "@ is in protected mode: give it a password (requirepass) and set #, or "
                        "reach it at a loopback address" },
    { "NOAUTH", "NOAUTH: a password is required by @: set #" },
    { "WRONGPASS", "wrong password for @: see # and the username beside it" },
    { "invalid password", "wrong password for @: see #" },
    { "invalid username-password", "wrong password for @: see # and the username beside it" },
    { "wrong number of arguments for 'auth'",
        "@ is older than Redis 6 and knows no users: unset $username" },
    { "NOPERM", "the user may not ! at @: grant it the command, the keys (~) and the channels (&) "
                "under keyPrefix by ACL SETUSER" },
    { "LOADING", "@ is still loading its data: nothing to do but wait" },
    { "MASTERDOWN", "@ has lost its master" },
    { "CLUSTERDOWN", "the cluster of @ is down: a part of its slots is served by no node" },
    { "TRYAGAIN", "@ is moving keys to another node at the moment" },
    { "READONLY", "@ is a replica and takes no writes: name its master, or sentinels" },
    { "max number of clients", "@ has too many clients: raise its maxclients" },
    { "DB index", "@ has no database of that number: see $db" },
    { "", "@ answered with an error" },
};

/* What net says, and what is added to it. */
static const struct row failures[] = {
    { "mismatch", ": set $tls.servername to a name that the certificate is for" },
    { "has expired", ": the server needs a new one" },
    { "not yet valid", ": see the clocks of both" },
    { "certificate verify failed", ": set $tls.ca to a PEM file of the authority that signed it" },
    { "wrong version number", ": it does not speak TLS there, see $tls and %" },
    { "no TLS handshake", ": if it does not speak TLS there, see $tls and %" },
    { "ended the TLS handshake", ": if it does not speak TLS there, see $tls and %" },
    { "certificate required", ": set $tls.cert and $tls.key" },
    { "TLS failed", ": see $tls" },
    { "cannot resolve", ": see %" },
    { "refused", ": is Redis running there? See %" },
    { "permission denied", ": this user may not use it, see unixsocketperm of Redis" },
    { "too long", ": see %" },
    { "no such file", ": see %, and unixsocket of Redis" },
    { "no answer", ": see %, and what a firewall says" },
    { "", "" },
};

static const char *
reason_address_of(const struct redis_reason_about *about)
{
    if (about->sentinel || about->by_sentinels)
        return OPTIONS "sentinels";
    return about->path ? OPTIONS "path" : OPTIONS "host and " OPTIONS "port";
}

static void
append_expanded(struct buffer *b, const struct redis_reason_about *about, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '@':
            buffer_append_text(b, about->where);
            break;
        case '!':
            buffer_append_text(b, about->action ? about->action : "PING");
            break;
        case '$':
            buffer_append_text(b, OPTIONS);
            break;
        case '%':
            buffer_append_text(b, reason_address_of(about));
            break;
        case '#':
            buffer_append_text(
                b, about->sentinel ? OPTIONS "sentinelPassword" : OPTIONS "password");
            break;
        default:
            buffer_append_char(b, *text);
            break;
        }
    }
}

/* The first reason stays.  b is freed. */
static void
write_out(char out[REDIS_REASON_SIZE], struct buffer *b)
{
    if (out[0] == '\0')
        snprintf(out, REDIS_REASON_SIZE, "%.*s", STR_ARG(buffer_str(b)));
    buffer_fini(b);
}

static void
reason_fill(char out[REDIS_REASON_SIZE], const struct redis_reason_about *about, const char *text)
{
    struct buffer b = { 0 };

    append_expanded(&b, about, text);
    write_out(out, &b);
}

/* The last row matches anything. */
static const char *
reason_find(const struct row *rows, struct str said)
{
    while (rows->said[0] && !str_contains(said, rows->said))
        rows++;
    return rows->text;
}

void
redis_reason_refused(
    char out[REDIS_REASON_SIZE], const struct redis_reason_about *about, struct str error)
{
    reason_fill(out, about, reason_find(refusals, error));
}

void
redis_reason_failed(
    char out[REDIS_REASON_SIZE], const struct redis_reason_about *about, const char *sentence)
{
    struct str said = str_of(sentence);
    bool verify = str_starts(said, "certificate") || str_starts(said, "TLS");
    struct buffer b = { 0 };

    if (verify)
        buffer_printf(&b, "%s: ", about->where);
    buffer_append_str(&b, said);
    append_expanded(&b, about, reason_find(failures, said));
    if (about->tls && str_starts(said, "no answer"))
        append_expanded(&b, about, "; if it does not speak TLS there, see $tls");
    write_out(out, &b);
}

void
redis_reason_closed(char out[REDIS_REASON_SIZE], const struct redis_reason_about *about, bool mute)
{
    const char *text = "@ closed the connection";

    if (mute && about->tls)
        text = "@ closed the connection before it answered: if it wants to see a certificate, set "
               "$tls.cert and $tls.key";
    else if (mute)
        text = "@ closed the connection before it answered: if it speaks TLS, set $tls";
    reason_fill(out, about, text);
}

void
redis_reason_stranger(
    char out[REDIS_REASON_SIZE], const struct redis_reason_about *about, struct str said)
{
    const char *text = "@ is not a Redis server: see %";

    if (str_starts(said, "HTTP/"))
        text = "@ is not a Redis server but a web server: see %";
    else if (str_starts(said, "\x15\x03") || str_starts(said, "\x16\x03"))
        text = "@ speaks TLS: set $tls to true";
    reason_fill(out, about, text);
}

bool
redis_reason_is_needless_password(struct str error)
{
    return str_contains(error, "without any password") || str_contains(error, "no password is set");
}

/* Before Redis 7 an error of a script has these words somewhere in it. */
bool
redis_reason_is_demoted(struct str error)
{
    return str_contains(error, "READONLY You can't write");
}
