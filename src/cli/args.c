/* SPDX-License-Identifier: MIT */
/*
 * args: one table of flags.
 */
#include "args.h"

#include <stddef.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/str.h"

struct flag {
    const char *name;
    char letter; /* 0: none */
    bool takes_value;
    size_t at; /* in struct args: const char * or bool */
    const char *value_name, *help;
};

#define TEXT(field) .takes_value = true, .at = offsetof(struct args, field)
#define SWITCH(field) .at = offsetof(struct args, field)

static const struct flag flags[] = {
    { "config", 'c', TEXT(config), "FILE",
        "configuration (echo-server.json, else laravel-echo-server.json)" },
    { "dir", 'd', TEXT(dir), "DIR", "folder of the configuration (the current one)" },
    { "port", 0, TEXT(port), "N", "port, whatever the configuration says" },
    { "dev", 0, SWITCH(dev), NULL, "development mode; without a configuration: the built-in one" },
    { "force", 0, SWITCH(force), NULL, "stop a running server first" },
    { "help", 'h', SWITCH(help), NULL, "this text" },
    { "version", 'v', SWITCH(version), NULL, "the version" },
};

static const struct flag *
find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        if (str_is(name, flags[i].name))
            return &flags[i];
    return NULL;
}

static const struct flag *
find_letter(char letter)
{
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        if (letter && flags[i].letter == letter)
            return &flags[i];
    return NULL;
}

/* value NULL: there was no "=". */
static bool
set_switch(const struct flag *f, struct args *a, const char *value)
{
    bool on = !value || !(str_is(str_of(value), "false") || str_is(str_of(value), "0"));

    *(bool *)((char *)a + f->at) = on;
    return true;
}

/* Takes the next word when there was no "=". */
static bool
set_text(
    const struct flag *f, struct args *a, const char *value, char ***next, struct buffer *error)
{
    if (!value && **next)
        value = *(*next)++;
    if (!value || !*value) {
        buffer_printf(error, "--%s needs a value: --%s=%s", f->name, f->name, f->value_name);
        return false;
    }
    *(const char **)((char *)a + f->at) = value;
    return true;
}

static bool
take_flag(const char *word, struct args *a, char ***next, struct buffer *error)
{
    bool is_long = word[1] == '-';
    struct str name = str_of(word + (is_long ? 2 : 1));
    const char *equals = strchr(word, '=');
    const struct flag *f;

    if (equals)
        name.len = (size_t)(equals - name.data);
    f = is_long ? find(name) : name.len == 1 ? find_letter(*name.data) : NULL;
    if (!f && is_long && str_starts(name, "no-")) {
        f = find(str_slice(name.data + 3, name.len - 3));
        if (f && !f->takes_value)
            return set_switch(f, a, "false");
        f = NULL;
    }
    if (!f) {
        log_warning("unknown option %.*s", equals ? (int)(equals - word) : (int)strlen(word), word);
        return true;
    }
    if (f->takes_value)
        return set_text(f, a, equals ? equals + 1 : NULL, next, error);
    return set_switch(f, a, equals ? equals + 1 : NULL);
}

bool
args_parse(int argc, char **argv, struct args *a, struct buffer *error)
{
    char **next = argv + (argc > 0 ? 1 : 0);

    *a = (struct args){ 0 };
    while (*next) {
        const char *word = *next++;

        if (word[0] == '-' && word[1]) {
            if (!take_flag(word, a, &next, error))
                return false;
        } else if (!a->command) {
            a->command = word;
        } else {
            log_warning("unknown argument %s", word);
        }
    }
    return true;
}

void
args_help(struct buffer *out)
{
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        const struct flag *f = &flags[i];
        size_t before = out->len;

        if (f->letter)
            buffer_printf(out, "  -%c, --%s", f->letter, f->name);
        else
            buffer_printf(out, "      --%s", f->name);
        if (f->value_name)
            buffer_printf(out, "=%s", f->value_name);
        buffer_printf(out, "%*s%s\n", (int)(before + 22 - out->len), "", f->help);
    }
}
