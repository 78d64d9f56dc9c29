/* SPDX-License-Identifier: MIT */
/*
 * options: the one list of options.  Defaults, JSON and environment parsing, range checks,
 * docs/config.md and echo-server.example.json are all derived from it; to add an option, add a
 * field to struct config and a row.  Constant; any thread.
 */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct config;

enum option_kind {
    OPTION_BOOL,
    OPTION_NUMBER,
    OPTION_PORT,
    OPTION_TEXT,
    OPTION_PATH,   /* of a file that is read at the start */
    OPTION_CHOICE, /* the index among choices */
    OPTION_LIST,   /* a text or a list of texts; each among choices, if there are any */
    OPTION_SWITCH, /* true, false, or an object of further options, which means true */
    OPTION_CLIENTS,
    OPTION_HEADERS,
    OPTION_CERTIFICATES,
    OPTION_NODES,   /* servers; "host:port" */
    OPTION_GROUP,   /* an object of further options */
    OPTION_IGNORED, /* known, without a meaning here: said once */
};

/* What laravel-echo-server makes of a value of another type; see coercion.h. */
enum option_js {
    JS_CHECKED,    /* it did not know the option, or did not start: an error */
    JS_TRUTHY,     /* a bool: any text, list, object, or number but 0 is true */
    JS_NOT_FALSE,  /* a bool: only false is false */
    JS_ONLY_TRUE,  /* a bool: only true is true */
    JS_TEXT_TRUE,  /* a bool: true and "true" are true */
    JS_NUMBER,     /* the nearest in the range; anything but a number counts as not given */
    JS_TEXT,       /* numbers and lists as texts; objects count as not given */
    JS_ENTRIES,    /* a list: invalid entries are left out */
    JS_OR_DEFAULT, /* anything but a text, or a choice, counts as not given */
};

struct option {
    const char *path;
    size_t at;            /* offset in struct config */
    const char *fallback; /* as text; NULL: unset */
    /* The fallback when the object around it is given without it: objects replace their default
     * whole, as in laravel-echo-server.  NULL: the same. */
    const char *in_group;
    uint64_t min, max;
    const char *unit;           /* of numbers; NULL: none */
    const char *const *choices; /* ends with NULL */
    const char *env;            /* after OPTIONS_ENV_PREFIX; NULL: made from the path */
    const char *text_member;    /* of a switch or a group: a text sets this option */
    const char *instead;        /* whose value is taken when this one is set to nothing */
    unsigned port;              /* of nodes that are written without */
    const char *help;
    enum option_kind kind;
    enum option_js js;
    bool zero_is_unset;
    bool empty_is_none; /* a list that may have no entries; else it counts as not given */
    bool false_is_none; /* a text that false takes away */
    bool secret;        /* its value is in no message */
    bool words;         /* a list that takes true, false and numbers too, as texts */
    bool open;          /* an object whose unknown members are not reported */
    bool live;          /* `reload` changes it in the running server */
};

/* Where a value of struct config is from; a later one is the stronger. */
enum option_origin {
    ORIGIN_DEFAULT,
    ORIGIN_EMPTIED, /* the file sets it to nothing */
    ORIGIN_FILE,
    ORIGIN_OBJECT, /* a switch that the file gives as an object */
    ORIGIN_ENVIRONMENT,
    ORIGIN_FLAG
};

#define OPTIONS_ENV_PREFIX "LARAVEL_ECHO_SERVER_"
enum { OPTIONS_ENV_SIZE = 96 };

size_t options_count(void);
const struct option *options_row(size_t i);
/* NULL: unknown. */
const struct option *options_find(struct str path);
/* The path is known to exist. */
const struct option *options_get(const char *path);

/* Whether struct config has a field for the row. */
bool options_has_field(const struct option *o);
/* That field. */
void *options_slot(struct config *c, const struct option *o);
enum option_origin options_origin(const struct config *c, const struct option *o);
void options_mark(struct config *c, const struct option *o, enum option_origin origin);

/* Whether the row takes a value from the environment; name has OPTIONS_ENV_SIZE bytes. */
bool options_env_name(const struct option *o, char *name);

#endif
