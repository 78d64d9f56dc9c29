/* SPDX-License-Identifier: MIT */
/*
 * environment: each row of the options table has a variable.
 */
#include "environment.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/dotenv.h"
#include "config_priv.h"
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

/* "${NAME}" stands for another variable; the result may be NULL. */
static const char *
resolve(const struct sources *s, const char *value)
{
    size_t len = value ? strlen(value) : 0;
    char *name;

    if (len < 4 || strncmp(value, "${", 2) != 0 || value[len - 1] != '}')
        return value;
    name = mem_copy_text(value + 2, len - 3);
    value = look_up(s, name);
    free(name);
    return value;
}

static void
read_row(struct config *c, const struct option *o, const struct sources *s, struct findings *f)
{
    char name[OPTIONS_ENV_SIZE];
    const char *value;

    if (!options_env_name(o, name))
        return;
    value = resolve(s, look_up(s, name));
    if (!value)
        return;
    if (option_value_parse(o, config_slot(c, o), str_of(value))) {
        config_mark(c, o, CONFIG_FROM_ENVIRONMENT);
        return;
    }
    findings_wrong(f, name, o, value);
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
