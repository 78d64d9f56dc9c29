/* SPDX-License-Identifier: MIT */
/*
 * config, for the files of this layer that fill it.
 */
#ifndef CONFIG_CONFIG_PRIV_H
#define CONFIG_CONFIG_PRIV_H

#include "config/config.h"

struct option;

enum config_origin {
    CONFIG_FROM_DEFAULT,
    CONFIG_EMPTIED, /* the file says that there is none */
    CONFIG_FROM_FILE,
    CONFIG_FROM_OBJECT, /* a switch that the file gives as an object */
    CONFIG_FROM_ENVIRONMENT,
    CONFIG_FROM_FLAG
};

/* The row's field. */
void *config_slot(struct config *c, const struct option *o);
enum config_origin config_origin(const struct config *c, const struct option *o);
void config_mark(struct config *c, const struct option *o, enum config_origin origin);

#endif
