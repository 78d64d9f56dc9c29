/* SPDX-License-Identifier: MIT */
/*
 * environment: each row of the options table has a variable.
 */
#include "environment.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/dotenv.h"
#include "base/mem.h"
#include "base/str.h"
#include "coercion.h"
#include "findings.h"
#include "option_value.h"
#include "options.h"

struct sources {
    struct dotenv *here, *beside;
};

static const char *
look_up(const struct sources *s, const char *name)
{
    const char *value = getenv(name);

    if (!value || !*value)
        value = dotenv_get(s->here, name);
    if (!value || !*value)
        value = dotenv_get(s->beside, name);
    return value && *value ? value : NULL;
}

/*
 * "${NAME}" stands for another variable, and as in laravel-echo-server for the whole value,
 * whatever is written around it.  The result may be NULL.
 */
static const char *
resolve(const struct sources *s, const char *variable, const char *value, struct findings *f)
{
    const char *begin = value ? strstr(value, "${") : NULL;
    const char *end = begin ? strchr(begin, '}') : NULL;
    char *name;

    if (!end)
        return value;
    name = mem_copy_text(begin + 2, (size_t)(end - begin - 2));
    if (begin > value || end[1])
        findings_say(f, CONFIG_WARNING,
            "%s: the whole value is taken from %s; expected \"${%s}\" and nothing around it",
            variable, name, name);
    value = look_up(s, name);
    free(name);
    return value;
}

static void
coerce(struct config *c, const struct option *o, const char *name, const char *value,
    struct findings *f)
{
    enum coercion result = coercion_take_text(o, options_slot(c, o), str_of(value));

    if (result == COERCION_TAKEN)
        options_mark(c, o, ORIGIN_ENVIRONMENT);
    if (result == COERCION_WRONG)
        findings_wrong(f, name, o, value);
    else
        findings_taken(f, name, o, value, options_slot(c, o));
}

static void
read_row(struct config *c, const struct option *o, const struct sources *s, struct findings *f)
{
    char name[OPTIONS_ENV_SIZE];
    const char *value;

    if (!options_env_name(o, name))
        return;
    value = resolve(s, name, look_up(s, name), f);
    if (!value)
        return;
    if (coercion_is_plain_text(o, str_of(value)) &&
        option_value_parse(o, options_slot(c, o), str_of(value)))
        options_mark(c, o, ORIGIN_ENVIRONMENT);
    else
        coerce(c, o, name, value, f);
}

static struct dotenv *
read_beside(const char *file)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    struct buffer path = { 0 };
    struct dotenv *d;

    if (!slash)
        return NULL;
    buffer_append(&path, file, (size_t)(slash + 1 - file));
    buffer_append(&path, ".env", sizeof(".env"));
    d = dotenv_read(path.data);
    buffer_fini(&path);
    return d;
}

void
environment_read(struct config *c, struct findings *f)
{
    struct sources s = { dotenv_read(".env"), read_beside(c->file) };

    for (size_t i = 0; i < options_count(); i++)
        read_row(c, options_row(i), &s, f);
    dotenv_free(s.here);
    dotenv_free(s.beside);
}
