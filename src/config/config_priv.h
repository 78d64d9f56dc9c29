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
    CONFIG_FROM_FILE,
    CONFIG_FROM_ENVIRONMENT,
    CONFIG_FROM_FLAG
};

/* The row's field. */
void *config_slot(struct config *c, const struct option *o);
void config_mark(struct config *c, const struct option *o, enum config_origin origin);

#endif
