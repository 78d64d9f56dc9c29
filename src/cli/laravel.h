/* SPDX-License-Identifier: MIT */
/*
 * laravel: what an application says about itself in its `.env`.  It is read once, and nothing is
 * run. Where secrets are is reported, their values never are.
 */
#ifndef CLI_LARAVEL_H
#define CLI_LARAVEL_H

#include <stdbool.h>

#include "base/attr.h"

struct laravel;

/* NULL: the folder has neither `artisan` nor a `.env` with APP_NAME. */
MUST_USE struct laravel *laravel_open(const char *folder);
void laravel_close(struct laravel *l);

/* Without a slash at the end; empty: the current one. */
const char *laravel_folder(const struct laravel *l);
/* Where its settings are, for messages: the path of its `.env`. */
const char *laravel_source(const struct laravel *l);

/*
 * The variable as Laravel's env() gives it: of the process, else of `.env`; "${NAME}" inside is
 * replaced.  NULL: unset, or null.  Lives as long as l.
 */
const char *laravel_get(struct laravel *l, const char *name);

/* Where its Redis is; texts live as long as l. */
struct laravel_redis {
    const char *host; /* NULL: not set */
    const char *port; /* NULL: not set */
    const char *path; /* of a Unix socket; NULL: host and port */
    const char *username;
    const char *password_variable; /* that holds the password and nothing else; NULL: none does */
    bool password_in_url;          /* REDIS_URL holds one */
    bool tls;
};
struct laravel_redis laravel_redis(struct laravel *l);

/*
 * The pages of the application, as allowedOrigins names them: the host of APP_URL and every name
 * below it, "example.com,*.example.com".  NULL: it is not set, or reached on this machine only.
 */
const char *laravel_origins(struct laravel *l);

#endif
