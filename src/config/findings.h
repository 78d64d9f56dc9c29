/* SPDX-License-Identifier: MIT */
/*
 * findings: what is wrong with a configuration, reported as it is found; loading continues, so that
 * the operator sees every mistake at once.
 */
#ifndef CONFIG_FINDINGS_H
#define CONFIG_FINDINGS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "config/config.h"

struct option;

struct findings {
    const struct config_request *request;
    bool failed; /* there was an error */
};

void findings_say(struct findings *f, enum config_severity severity, const char *format, ...)
    PRINTF_LIKE(3, 4);

/*
 * "<where>: <option> is <value>; taken as <what is in effect>; expected <what would be right>": a
 * warning.  effective is the slot; NULL: nothing can be made of the value, and it is an error.
 */
void findings_value(struct findings *f, const char *where, const struct option *o,
    const char *value, const void *effective);
void findings_json(struct findings *f, const char *where, const struct option *o,
    const json_t *value, const void *effective);

/* "<where>: unknown option <path>; did you mean <another>?": a warning. */
void findings_unknown(struct findings *f, const char *where, const char *path);
/* The same for a variable of the environment, with OPTIONS_ENV_PREFIX. */
void findings_unknown_variable(struct findings *f, const char *name);

#endif
