/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"

enum kind { NUMBER, FLAG, TEXT };

#define AT(field) offsetof(struct options, field)

/* The default frame is 200 bytes: 43 of them are not data. */
static const struct row {
    const char *name;
    enum kind kind;
    size_t at;
    const char *fallback;
} rows[] = {
    { "host", TEXT, AT(host), "127.0.0.1" },
    { "port", NUMBER, AT(port), "6001" },
    { "eio", NUMBER, AT(eio), "4" },
    { "tls", FLAG, AT(tls), "0" },
    { "resume", FLAG, AT(resume), "0" },
    { "deflate", FLAG, AT(deflate), "0" },
    { "acks", FLAG, AT(acks), "0" },
    { "polling", FLAG, AT(polling), "0" },
    { "stamps", FLAG, AT(stamps), "0" },
    { "slow", NUMBER, AT(slow), "0" },
    { "sockets", NUMBER, AT(sockets), "1000" },
    { "channels", NUMBER, AT(channels), "1" },
    { "channel", TEXT, AT(channel), "bench-" },
    { "inflight", NUMBER, AT(inflight), "64" },
    { "sources", NUMBER, AT(sources), "8" },
    { "payload", NUMBER, AT(payload), "157" },
    { "publish", TEXT, AT(publish), "redis" },
    { "publish_port", NUMBER, AT(publish_port), "6379" },
    { "key", TEXT, AT(key), "app:key" },
    { "pids", TEXT, AT(pids), "" },
    { "patience", NUMBER, AT(patience), "10000" },
};

long
options_number(const char *name, const char *text)
{
    char *end = NULL;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 0)
        die("%s is \"%s\": expected a whole number of at least 0", name, text);
    return value;
}

static void
set(struct options *o, const struct row *r, const char *value)
{
    char *field = (char *)o + r->at;

    switch (r->kind) {
    case NUMBER:
        *(long *)(void *)field = options_number(r->name, value);
        return;
    case FLAG:
        *(bool *)(void *)field = options_number(r->name, value) != 0;
        return;
    case TEXT:
        *(const char **)(void *)field = value;
        return;
    }
}

static const struct row *
find(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0)
            return &rows[i];
    return NULL;
}

void
options_parse(struct options *o, int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        set(o, &rows[i], rows[i].fallback);
    for (int i = 1; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        const struct row *r = equals != NULL ? find(argv[i], (size_t)(equals - argv[i])) : NULL;
        if (r == NULL)
            die("unknown option %s", argv[i]);
        set(o, r, equals + 1);
    }
    if (o->eio != 3 && o->eio != 4)
        die("eio is %ld: expected 3 or 4", o->eio);
    if (o->channels < 1 || o->sources < 1 || o->sources > 200)
        die("channels and sources are at least 1, sources at most 200");
}
