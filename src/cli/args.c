/* SPDX-License-Identifier: MIT */
/*
 * args: the command is looked for first, over the flags of all commands, because flags may precede
 * it; then the words are read again by what that command takes.
 */
#include "args.h"

#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/str.h"
#include "command.h"

enum { HELP_COLUMN = 28 };

static const struct flag common[] = {
    { .name = "help", .letter = 'h', .at = offsetof(struct args, help), .help = "show this help" },
    { .name = "version",
        .letter = 'v',
        .at = offsetof(struct args, version),
        .help = "show the version" },
    { .name = NULL },
};

/* A word that is a flag, taken apart. */
struct spelling {
    struct str name;
    bool is_long;
    const char *value; /* after "=", or NULL */
};

static bool
is_flag(const char *word)
{
    return word[0] == '-' && word[1];
}

static struct spelling
spell_flag(const char *word)
{
    bool is_long = word[1] == '-';
    const char *equals = strchr(word, '=');
    struct str name = str_of(word + (is_long ? 2 : 1));

    if (equals)
        name.len = (size_t)(equals - name.data);
    return (struct spelling){ name, is_long, equals ? equals + 1 : NULL };
}

static const struct flag *
flag_in(const struct flag *flags, const struct spelling *s)
{
    for (const struct flag *f = flags; f && f->name; f++)
        if (s->is_long ? str_is(s->name, f->name)
                       : f->letter && s->name.len == 1 && *s->name.data == f->letter)
            return f;
    return NULL;
}

/* Among the flags of the command; without one, among those of all commands. */
static const struct flag *
flag_find(const struct command *commands, const struct command *command, const struct spelling *s)
{
    const struct flag *f = flag_in(common, s);

    if (command && !f)
        return flag_in(command->flags, s);
    for (; commands->name && !f; commands++)
        f = flag_in(commands->flags, s);
    return f;
}

static const struct command *
find_command(const struct command *commands, const char *word)
{
    for (; commands->name; commands++)
        if (strcmp(word, commands->name) == 0 ||
            (commands->alias && strcmp(word, commands->alias) == 0))
            return commands;
    return NULL;
}

static void
look_for_command(char **next, const struct command *commands, struct args *a)
{
    while (*next && !a->word) {
        const char *word = *next++;
        struct spelling s;
        const struct flag *f;

        if (strcmp(word, "--") == 0)
            continue;
        if (!is_flag(word)) {
            a->word = word;
            a->command = find_command(commands, word);
            return;
        }
        s = spell_flag(word);
        f = flag_find(commands, NULL, &s);
        if (f && f->value_name && !s.value && *next)
            next++;
    }
}

static void
set_switch(const struct flag *f, struct args *a, const char *value)
{
    bool off = value && (strcmp(value, "false") == 0 || strcmp(value, "0") == 0);

    if (f->answer)
        *(const char **)((char *)a + f->at) = off ? "false" : "true";
    else
        *(bool *)((char *)a + f->at) = !off;
}

/* Takes the next word when there was no "=". */
static bool
set_text(
    const struct flag *f, struct args *a, const char *value, char ***next, struct buffer *error)
{
    if (!value && **next)
        value = *(*next)++;
    if (!value || (!*value && !f->may_be_empty)) {
        buffer_printf(error, "--%s needs a value: --%s=%s", f->name, f->name, f->value_name);
        return false;
    }
    *(const char **)((char *)a + f->at) = value;
    return true;
}

/* --no-flag. */
static bool
take_negation(const struct command *commands, struct spelling s, struct args *a)
{
    const struct flag *f;

    if (!s.is_long || !str_starts(s.name, "no-"))
        return false;
    s.name = str_slice(s.name.data + 3, s.name.len - 3);
    f = flag_find(commands, a->command, &s);
    if (!f || f->value_name)
        return false;
    set_switch(f, a, "false");
    return true;
}

static bool
take_flag(const struct command *commands, const char *word, struct args *a, char ***next,
    struct buffer *error)
{
    struct spelling s = spell_flag(word);
    const struct flag *f = flag_find(commands, a->command, &s);
    int len = (int)(s.name.data + s.name.len - word);

    if (f && f->value_name)
        return set_text(f, a, s.value, next, error);
    if (f)
        set_switch(f, a, s.value);
    else if (take_negation(commands, s, a))
        return true;
    else if (a->command)
        log_warning("%s has no option %.*s: ignored; see `echo-server %s --help`", a->command->name,
            len, word, a->command->name);
    else
        log_warning("unknown option %.*s", len, word);
    /* If it belongs to another command, its value is not an operand of this one. */
    f = f ? NULL : flag_find(commands, NULL, &s);
    if (f && f->value_name && !s.value && **next)
        (*next)++;
    return true;
}

bool
args_parse(char **argv, const struct command *commands, struct args *a, struct buffer *error)
{
    char **next = argv + (*argv ? 1 : 0);
    bool flags_end = false, good = true;

    *a = (struct args){ 0 };
    look_for_command(next, commands, a);
    while (*next && good) {
        const char *word = *next++;

        if (!flags_end && strcmp(word, "--") == 0)
            flags_end = true;
        else if (!flags_end && is_flag(word))
            good = take_flag(commands, word, a, &next, error);
        else if (word == a->word)
            continue;
        else if (a->command && a->command->operand && !a->operand)
            a->operand = word;
        else
            log_warning("unknown argument %s", word);
    }
    return good;
}

/* ---- help ---- */

static void
pad_help(struct buffer *out, size_t from)
{
    size_t width = out->len - from;

    buffer_printf(out, "%*s", width < HELP_COLUMN ? (int)(HELP_COLUMN - width) : 2, "");
}

static void
help_flags(const struct flag *flags, struct buffer *out)
{
    for (const struct flag *f = flags; f && f->name; f++) {
        size_t before = out->len;

        if (f->letter)
            buffer_printf(out, "  -%c, --%s", f->letter, f->name);
        else
            buffer_printf(out, "      --%s", f->name);
        if (f->value_name)
            buffer_printf(out, "=%s", f->value_name);
        pad_help(out, before);
        buffer_printf(out, "%s\n", f->help);
    }
}

void
args_help_command(const struct command *command, struct buffer *out)
{
    buffer_printf(out, "Usage: echo-server %s%s%s [options]\n\n%s.\n", command->name,
        command->operand ? " " : "", command->operand ? command->operand : "",
        command->help ? command->help : "For building the server");
    if (command->alias)
        buffer_printf(out, "Also: echo-server %s\n", command->alias);
    buffer_append_text(out, "\nOptions:\n");
    help_flags(command->flags, out);
    help_flags(common, out);
}

void
args_help_all(const struct command *commands, struct buffer *out)
{
    buffer_append_text(out, "Usage: echo-server <command> [options]\n\nCommands:\n");
    for (const struct command *c = commands; c->name; c++) {
        size_t before = out->len;

        if (!c->help)
            continue;
        buffer_printf(
            out, "  %s%s%s", c->name, c->operand ? " " : "", c->operand ? c->operand : "");
        if (c->alias)
            buffer_printf(out, ", %s", c->alias);
        pad_help(out, before);
        buffer_printf(out, "%s\n", c->help);
    }
    buffer_append_text(out, "\nOptions:\n");
    help_flags(common, out);
    buffer_append_text(out, "\n`echo-server <command> --help` shows the options of a command.\n");
}
