/* SPDX-License-Identifier: MIT */
/*
 * init: a question is answered by its flag, or else by what is typed, or else by the suggestion. In
 * an application's folder the suggestions are its own settings; its secrets are not copied.
 */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "args.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/config_docs.h"
#include "init_questions.h"
#include "instance/place.h"
#include "laravel.h"
#include "laravel_prefix.h"
#include "rewrite.h"

enum { SETTINGS_MAX = INIT_QUESTIONS + 5 };

/* Where every package of nginx has its configuration. */
static const char nginx_file[] = "/etc/nginx/nginx.conf";

struct init {
    const struct args *args;
    struct laravel *laravel; /* NULL: not in an application's folder */
    struct laravel_redis redis;
    char *prefix;          /* of the application; NULL: not known */
    const char *no_prefix; /* why; NULL: the application was not asked */
    char *default_file;
    char *answers[INIT_QUESTIONS]; /* NULL: not asked */
    bool no_more_input;
    const char *origins; /* of the application's pages; NULL: not known */
    bool behind_nginx;   /* which is on this machine and brings the clients */
};

/* ---- suggestions ---- */

/* What --config says, or what `start` would read here, or what it would look for. */
static char *
default_file(const struct args *a)
{
    struct place p;
    const char *name = a->config, *slash;
    char *file;

    place_init(&p, a->dir, a->config);
    if (!name && p.file) {
        slash = strrchr(p.file, '/');
        name = slash ? slash + 1 : p.file;
    }
    if (!name)
        name = strcmp(program_invocation_short_name, "laravel-echo-server") == 0
                   ? "laravel-echo-server.json"
                   : "echo-server.json";
    file = mem_strdup(name);
    place_fini(&p);
    return file;
}

static const char *
suggestion(struct init *i, enum init_question q)
{
    struct buffer ignored = { 0 };
    const char *value = NULL;
    char *understood;

    if (q == INIT_FILE) {
        value = i->default_file;
    } else if (q == INIT_AUTH_HOST && i->laravel) {
        value = laravel_get(i->laravel, "APP_URL");
        understood = value ? init_questions_understand(q, value, &ignored) : NULL;
        value = understood ? value : NULL;
        free(understood);
    } else if (q == INIT_REDIS_HOST) {
        value = i->redis.host;
    } else if (q == INIT_REDIS_PORT) {
        value = i->redis.port;
    } else if (q == INIT_KEY_PREFIX && i->laravel) {
        value = i->prefix ? i->prefix : laravel_get(i->laravel, "REDIS_PREFIX");
    }
    buffer_fini(&ignored);
    return value ? value : init_questions_default(q);
}

/* ---- asking ---- */

static bool
is_asked(const struct init *i, enum init_question q)
{
    switch (q) {
    case INIT_CERT_PATH:
    case INIT_KEY_PATH:
        return strcmp(i->answers[INIT_PROTOCOL], "https") == 0;
    case INIT_ALLOW_ORIGIN:
    case INIT_ALLOW_METHODS:
    case INIT_ALLOW_HEADERS:
        return strcmp(i->answers[INIT_CORS_ALLOW], "true") == 0;
    case INIT_REDIS_HOST:
    case INIT_REDIS_PORT:
        return i->laravel && !i->redis.path;
    case INIT_KEY_PREFIX:
        return i->laravel != NULL;
    case INIT_DEV_MODE:
    case INIT_PORT:
    case INIT_DATABASE:
    case INIT_AUTH_HOST:
    case INIT_PROTOCOL:
    case INIT_ADD_CLIENT:
    case INIT_CORS_ALLOW:
    case INIT_FILE:
    case INIT_QUESTIONS:
        break;
    }
    return true;
}

/* What was typed, or the suggestion; NULL: the terminal is gone. */
static char *
ask_once(struct init *i, enum init_question q)
{
    const char *fallback = suggestion(i, q);
    char *line = NULL;

    if (!i->args->yes && !i->no_more_input) {
        line = init_questions_ask(q, fallback);
        i->no_more_input = !line;
        if (!line && init_questions_can_repeat())
            return NULL;
    }
    if (line && *line)
        return line;
    free(line);
    return mem_strdup(fallback);
}

/* False: the flag's value is wrong, which was logged. */
static bool
answer_flag(struct init *i, enum init_question q, const char *flag)
{
    struct buffer error = { 0 };

    i->answers[q] = init_questions_understand(q, flag, &error);
    if (!i->answers[q])
        log_error(
            "--%s is \"%s\"; %.*s", init_questions_name(q), flag, STR_ARG(buffer_str(&error)));
    buffer_fini(&error);
    return i->answers[q] != NULL;
}

/* On a terminal a wrong answer is asked for again. */
static bool
answer_asked(struct init *i, enum init_question q)
{
    bool again = true;

    while (again && !i->answers[q]) {
        struct buffer error = { 0 };
        char *line = ask_once(i, q);

        again = line && !i->args->yes && init_questions_can_repeat();
        if (line)
            i->answers[q] = init_questions_understand(q, line, &error);
        if (line && !i->answers[q] && again)
            printf(">> %.*s\n", STR_ARG(buffer_str(&error)));
        else if (line && !i->answers[q])
            log_error("%s is \"%s\"; %.*s (or answer it with --%s)", init_questions_name(q), line,
                STR_ARG(buffer_str(&error)), init_questions_name(q));
        free(line);
        buffer_fini(&error);
    }
    return i->answers[q] != NULL;
}

/* A wrong flag is reported before anything is asked. */
static bool
answer_all(struct init *i)
{
    for (enum init_question q = 0; q < INIT_QUESTIONS; q++) {
        const char *flag = init_questions_flag(q, i->args);

        if (flag && !answer_flag(i, q, flag))
            return false;
    }
    if (is_asked(i, INIT_KEY_PREFIX) && !i->answers[INIT_KEY_PREFIX])
        i->prefix =
            laravel_prefix_ask(laravel_folder(i->laravel), LARAVEL_PREFIX_LIMIT_MS, &i->no_prefix);
    for (enum init_question q = 0; q < INIT_QUESTIONS; q++)
        if (!i->answers[q] && is_asked(i, q) && !answer_asked(i, q))
            return false;
    return true;
}

/* ---- writing ---- */

/* A value that the option does not accept is not copied: `.env` was not written for us. */
static void
add_found(struct config_setting *settings, size_t *count, const char *path, const char *value)
{
    struct buffer expected = { 0 };

    if (value && config_takes(path, str_of(value), &expected))
        settings[(*count)++] = (struct config_setting){ path, value, NULL };
    else if (value)
        log_warning("%s is not copied; expected %.*s", path, STR_ARG(buffer_str(&expected)));
    buffer_fini(&expected);
}

static size_t
collect(const struct init *i, struct config_setting *settings)
{
    size_t count = 0;

    for (enum init_question q = 0; q < INIT_QUESTIONS; q++)
        if (i->answers[q] && init_questions_path(q))
            settings[count++] =
                (struct config_setting){ init_questions_path(q), i->answers[q], NULL };
    add_found(settings, &count, "databaseConfig.redis.path", i->redis.path);
    add_found(settings, &count, "databaseConfig.redis.username", i->redis.username);
    if (i->redis.tls)
        settings[count++] = (struct config_setting){ "databaseConfig.redis.tls", "{}", NULL };
    if (i->behind_nginx)
        settings[count++] = (struct config_setting){ "host", "127.0.0.1", NULL };
    if (i->origins)
        settings[count++] = (struct config_setting){ "allowedOrigins", i->origins, NULL };
    return count;
}

static bool
may_overwrite(const struct init *i, const char *file)
{
    bool yes = false;
    char *answer;

    if (i->args->force || access(file, F_OK) != 0)
        return true;
    if (!i->args->yes && !i->no_more_input) {
        printf("%s already exists.\n", file);
        answer = init_questions_prompt("Do you want to overwrite it?", "y/N");
        yes = answer && (*answer == 'y' || *answer == 'Y');
        free(answer);
    }
    if (!yes)
        log_error("%s already exists and was not changed; --force overwrites it, --file names "
                  "another one",
            file);
    return yes;
}

static bool
save_file(const struct init *i, const char *path)
{
    struct config_setting settings[SETTINGS_MAX];
    struct buffer document = { 0 }, error = { 0 };
    struct config_client client = { 0 };
    struct rewrite file;
    bool ok = rewrite_open(&file, path, &error);

    if (ok) {
        if (strcmp(i->answers[INIT_ADD_CLIENT], "true") == 0) {
            client = config_make_client();
            printf("appId: %s\nkey: %s\n", client.app_id, client.key);
            rewrite_make_secret(&file);
        }
        config_docs_template(
            settings, collect(i, settings), client.key ? &client : NULL, &document);
        ok = rewrite_commit(&file, buffer_str(&document), &error);
        rewrite_close(&file);
    }
    if (!ok)
        log_error("%.*s", STR_ARG(buffer_str(&error)));
    free(client.app_id);
    free(client.key);
    buffer_fini(&document);
    buffer_fini(&error);
    return ok;
}

/* ---- hints ---- */

static void
say_laravel(struct init *i)
{
    if (i->behind_nginx)
        puts("nginx is on this machine: the server listens on 127.0.0.1 only. For clients that "
             "connect to its port directly, set host to null.");
    if (i->origins)
        printf("Pages of these hosts may connect: %s. Others are for allowedOrigins; \"*\" admits "
               "all.\n",
            i->origins);
    if (i->redis.tls)
        puts("Redis is reached over TLS, and its certificate is verified.");
    if ((i->redis.password_variable || i->redis.password_in_url) &&
        !laravel_get(i->laravel, "LARAVEL_ECHO_SERVER_REDIS_PASSWORD"))
        printf("The password of Redis is not copied. Add this line to %s:\n"
               "LARAVEL_ECHO_SERVER_REDIS_PASSWORD=%s\n",
            laravel_source(i->laravel),
            i->redis.password_variable ? "\"${REDIS_PASSWORD}\"" : "<the one in REDIS_URL>");
    if (!i->prefix && i->no_prefix)
        printf("Laravel's prefix is not known, because %s: compare keyPrefix with "
               "config/database.php.\n",
            i->no_prefix);
}

/* ---- all of it ---- */

static int
write_answers(struct init *i)
{
    static const enum init_question files[] = { INIT_CERT_PATH, INIT_KEY_PATH };
    const char *name = i->answers[INIT_FILE];
    int code = EXIT_FAILED;
    struct place p;
    bool found;

    place_init(&p, i->args->dir, name);
    if (may_overwrite(i, p.file) && save_file(i, p.file)) {
        for (size_t k = 0; k < COUNT_OF(files); k++)
            if (i->answers[files[k]] && access(i->answers[files[k]], R_OK) != 0)
                log_warning(
                    "%s: %s cannot be read", init_questions_name(files[k]), i->answers[files[k]]);
        if (i->laravel)
            say_laravel(i);
        found = strcmp(name, "echo-server.json") == 0 ||
                (strcmp(name, "laravel-echo-server.json") == 0 && access("echo-server.json", F_OK));
        printf("Configuration file saved. Run %s start", program_invocation_short_name);
        if (!found || i->args->dir)
            printf(" --config=\"%s\"", p.file);
        puts(" to run server.");
        code = EXIT_DONE;
    }
    place_fini(&p);
    return code;
}

int
init_run(const struct args *a)
{
    struct init i = {
        .args = a,
        .default_file = default_file(a),
        .laravel = laravel_open(a->dir ? a->dir : ""),
    };
    int code = EXIT_FAILED;

    if (i.laravel) {
        i.redis = laravel_redis(i.laravel);
        printf("This is the folder of a Laravel application: suggestions come from %s.\n",
            laravel_source(i.laravel));
    }
    if (answer_all(&i)) {
        i.origins = i.laravel ? laravel_origins(i.laravel) : NULL;
        i.behind_nginx = i.laravel && strcmp(i.answers[INIT_PROTOCOL], "http") == 0 &&
                         access(nginx_file, F_OK) == 0;
        code = write_answers(&i);
    } else {
        puts("Nothing was written.");
    }
    for (size_t q = 0; q < COUNT_OF(i.answers); q++)
        free(i.answers[q]);
    free(i.prefix);
    laravel_close(i.laravel);
    free(i.default_file);
    return code;
}
