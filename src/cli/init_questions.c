/* SPDX-License-Identifier: MIT */
/*
 * init_questions: the table.  Messages, order and defaults are the reference's.
 */
#include "init_questions.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "args.h"
#include "base/buffer.h"
#include "base/mem.h"
#include "config/config.h"

enum answer_kind { ANSWER_TEXT, ANSWER_YES_NO, ANSWER_CHOICE, ANSWER_URL, ANSWER_FILE };

struct question {
    const char *name, *message;
    size_t at; /* in struct args */
    const char *path;
    const char *fallback; /* NULL: the option's */
    const char *choices[2];
    enum answer_kind kind;
};

#define FLAG(field) .at = offsetof(struct args, field)

static const struct question questions[INIT_QUESTIONS] = {
    [INIT_DEV_MODE] = { "devMode", "Do you want to run this server in development mode?",
        FLAG(dev_mode), .path = "devMode", .kind = ANSWER_YES_NO },
    [INIT_PORT] = { "port", "Which port would you like to serve from?", FLAG(port),
        .path = "port" },
    [INIT_DATABASE] = { "database",
        "Which database would you like to use to store presence channel members?", FLAG(database),
        .path = "database", .choices = { "redis", "sqlite" }, .kind = ANSWER_CHOICE },
    [INIT_AUTH_HOST] = { "authHost", "Enter the host of your Laravel authentication server.",
        FLAG(auth_host), .path = "authHost", .kind = ANSWER_URL },
    [INIT_PROTOCOL] = { "protocol", "Will you be serving on http or https?", FLAG(protocol),
        .path = "protocol", .choices = { "http", "https" }, .kind = ANSWER_CHOICE },
    [INIT_CERT_PATH] = { "sslCertPath", "Enter the path to your SSL cert file.", FLAG(cert_path),
        .path = "sslCertPath", .fallback = "", .kind = ANSWER_FILE },
    [INIT_KEY_PATH] = { "sslKeyPath", "Enter the path to your SSL key file.", FLAG(key_path),
        .path = "sslKeyPath", .fallback = "", .kind = ANSWER_FILE },
    [INIT_ADD_CLIENT] = { "addClient", "Do you want to generate a client ID/Key for HTTP API?",
        FLAG(add_client), .fallback = "false", .kind = ANSWER_YES_NO },
    [INIT_CORS_ALLOW] = { "corsAllow", "Do you want to setup cross domain access to the API?",
        FLAG(cors_allow), .path = "apiOriginAllow.allowCors", .kind = ANSWER_YES_NO },
    [INIT_ALLOW_ORIGIN] = { "allowOrigin",
        "Specify the URI that may access the API:", FLAG(allow_origin),
        .path = "apiOriginAllow.allowOrigin", .fallback = "http://localhost:80" },
    [INIT_ALLOW_METHODS] = { "allowMethods", "Enter the HTTP methods that are allowed for CORS:",
        FLAG(allow_methods), .path = "apiOriginAllow.allowMethods", .fallback = "GET, POST" },
    [INIT_ALLOW_HEADERS] = { "allowHeaders", "Enter the HTTP headers that are allowed for CORS:",
        FLAG(allow_headers), .path = "apiOriginAllow.allowHeaders",
        .fallback = "Origin, Content-Type, X-Auth-Token, X-Requested-With, Accept, Authorization, "
                    "X-CSRF-TOKEN, X-Socket-Id" },
    [INIT_FILE] = { "file", "What do you want this config to be saved as?", FLAG(file),
        .fallback = "", .kind = ANSWER_FILE },
    [INIT_REDIS_HOST] = { "redisHost", "Which host runs the Redis of your application?",
        FLAG(redis_host), .path = "databaseConfig.redis.host" },
    [INIT_REDIS_PORT] = { "redisPort", "Which port does it listen on?", FLAG(redis_port),
        .path = "databaseConfig.redis.port" },
    [INIT_KEY_PREFIX] = { "keyPrefix", "Which prefix does Laravel put before channel names?",
        FLAG(key_prefix), .path = "databaseConfig.redis.keyPrefix" },
};

const char *
init_questions_name(enum init_question q)
{
    return questions[q].name;
}

const char *
init_questions_path(enum init_question q)
{
    return questions[q].path;
}

const char *
init_questions_default(enum init_question q)
{
    const struct question *row = &questions[q];

    return row->fallback ? row->fallback : config_default(row->path);
}

const char *
init_questions_flag(enum init_question q, const struct args *a)
{
    return *(const char *const *)((const char *)a + questions[q].at);
}

/* ---- asking ---- */

bool
init_questions_can_repeat(void)
{
    return isatty(STDIN_FILENO) == 1;
}

/* Answers that come from a pipe are printed, so that the output reads as on a terminal. */
char *
init_questions_prompt(const char *message, const char *hint)
{
    char *line = NULL, *answer = NULL;
    size_t size = 0;
    ssize_t len;
    struct str text;

    if (*hint)
        printf("? %s (%s) ", message, hint);
    else
        printf("? %s ", message);
    fflush(stdout);
    len = getline(&line, &size, stdin);
    if (len >= 0) {
        text = str_trim(str_slice(line, (size_t)len));
        answer = mem_copy_text(text.data, text.len);
    }
    if (!init_questions_can_repeat() || !answer)
        puts(answer ? answer : "");
    free(line);
    return answer;
}

char *
init_questions_ask(enum init_question q, const char *fallback)
{
    const struct question *row = &questions[q];
    struct buffer hint = { 0 };
    char *answer;

    if (row->kind == ANSWER_YES_NO)
        buffer_append_text(&hint, strcmp(fallback, "true") == 0 ? "Y/n" : "y/N");
    else if (row->kind == ANSWER_CHOICE)
        buffer_printf(&hint, "%s or %s; %s", row->choices[0], row->choices[1], fallback);
    else
        buffer_append_text(&hint, fallback);
    buffer_append_char(&hint, 0);
    answer = init_questions_prompt(row->message, hint.data);
    buffer_fini(&hint);
    return answer;
}

/* ---- understanding ---- */

static char *
understand_yes_no(const char *answer, struct buffer *error)
{
    static const char *const words[][2] = { { "yes", "no" }, { "y", "n" }, { "true", "false" },
        { "1", "0" } };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        for (size_t k = 0; k < 2; k++)
            if (strcasecmp(answer, words[i][k]) == 0)
                return mem_strdup(k == 0 ? "true" : "false");
    buffer_append_text(error, "expected yes or no");
    return NULL;
}

/* By its name, or its number in the list, as in the reference's menus. */
static char *
understand_choice(const struct question *row, const char *answer, struct buffer *error)
{
    for (size_t i = 0; i < COUNT_OF(row->choices); i++) {
        bool number = answer[0] == (char)('1' + i) && !answer[1];

        if (number || strcasecmp(answer, row->choices[i]) == 0)
            return mem_strdup(row->choices[i]);
    }
    buffer_printf(error, "expected %s or %s", row->choices[0], row->choices[1]);
    return NULL;
}

static char *
understand_text(const struct question *row, const char *answer, struct buffer *error)
{
    struct buffer expected = { 0 };
    struct str s = str_of(answer);
    bool is_url = (str_starts_nocase(s, "http://") && s.len > 7) ||
                  (str_starts_nocase(s, "https://") && s.len > 8);
    char *value = NULL;

    if (row->kind == ANSWER_URL && !is_url)
        buffer_append_text(error, "expected a URL like http://localhost");
    else if (row->kind == ANSWER_FILE && !*answer)
        buffer_append_text(error, "expected the path of a file");
    else if (*answer && row->path && !config_takes(row->path, s, &expected))
        buffer_printf(error, "expected %.*s", STR_ARG(buffer_str(&expected)));
    else
        value = mem_strdup(answer);
    buffer_fini(&expected);
    return value;
}

char *
init_questions_understand(enum init_question q, const char *answer, struct buffer *error)
{
    const struct question *row = &questions[q];

    switch (row->kind) {
    case ANSWER_YES_NO:
        return understand_yes_no(answer, error);
    case ANSWER_CHOICE:
        return understand_choice(row, answer, error);
    case ANSWER_TEXT:
    case ANSWER_URL:
    case ANSWER_FILE:
        return understand_text(row, answer, error);
    }
    return NULL;
}
