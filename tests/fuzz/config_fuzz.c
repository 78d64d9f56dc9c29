/* SPDX-License-Identifier: MIT */
/*
 * config_fuzz: any bytes as a configuration file.  It is loaded twice with the same result, and an
 * error is the only reason not to load; what clients can be put into has them afterwards, and is as
 * it was once they are removed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/utf8.h"
#include "config/config.h"
#include "config/config_edit.h"
#include "fuzz.h"

enum { PATH_SIZE = 32, LINE_MAX_BYTES = 1024 };

/* Among the files of the process, so that nothing lies beside it. */
struct file {
    int fd;
    char path[PATH_SIZE];
};

static struct file
write_file(struct str text)
{
    struct file f = { .fd = memfd_create("config", MFD_CLOEXEC) };

    ENSURE(f.fd >= 0 && write(f.fd, text.data, text.len) == (ssize_t)text.len);
    snprintf(f.path, sizeof(f.path), "/proc/self/fd/%d", f.fd);
    return f;
}

static void
count_errors(void *owner, enum config_severity severity, const char *line)
{
    unsigned *errors = owner;

    ENSURE(*line && strlen(line) < LINE_MAX_BYTES && !strchr(line, '\n'));
    *errors += severity == CONFIG_ERROR;
}

static void
fail_on_change(void *owner, const char *path, bool live)
{
    (void)owner;
    (void)live;
    ENSURE(!path);
}

static void
check_list(const struct config_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        ENSURE(*l->items[i] && utf8_valid(str_of(l->items[i])));
    ENSURE(!l->items || !l->items[l->count]);
}

static void
check_values(const struct config *c)
{
    ENSURE(c->port >= 1 && c->port <= UINT16_MAX);
    ENSURE(c->redis_port >= 1 && c->redis_port <= UINT16_MAX);
    ENSURE(c->protocol <= CONFIG_HTTPS && c->max_version <= CONFIG_TLS_1_3);
    ENSURE(c->auth_endpoint[0] == '/' && *c->cookie_name);
    ENSURE(c->transports.count > 0 && c->auth_hosts.count > 0);
    check_list(&c->allowed_origins);
    check_list(&c->origins);
    check_list(&c->transports);
    check_list(&c->auth_hosts);
    for (size_t i = 0; i < c->clients.count; i++)
        ENSURE(*c->clients.items[i].app_id && *c->clients.items[i].key);
    for (size_t i = 0; i < c->redis_cluster.count; i++)
        ENSURE(*c->redis_cluster.items[i].host && c->redis_cluster.items[i].port > 0);
}

static void
load(struct str text)
{
    struct file f = write_file(text);
    unsigned errors = 0;
    struct config_request request = { .file = f.path, .say = count_errors, .owner = &errors };
    struct config *strict = config_load(&request), *lenient;

    ENSURE(!strict == (errors > 0));
    request.lenient = true;
    lenient = config_load(&request);
    ENSURE(lenient);
    check_values(lenient);
    if (strict)
        config_reconcile(strict, lenient, fail_on_change, NULL);
    config_free(strict);
    config_free(lenient);
    close(f.fd);
}

/* Whether a server that reads text admits the client. */
static bool
has_client(struct str text, const char *id, const char *key)
{
    struct file f = write_file(text);
    struct config *c = config_load(&(struct config_request){ .file = f.path, .lenient = true });
    bool found = false;

    for (size_t i = 0; i < c->clients.count; i++)
        found |= strcmp(c->clients.items[i].app_id, id) == 0 &&
                 strcmp(c->clients.items[i].key, key) == 0;
    config_free(c);
    close(f.fd);
    return found;
}

static void
edit(struct str text)
{
    static const char id[] = "fuzzed", key[] = "a \"key\"";
    struct buffer with = { 0 }, without = { 0 }, same = { 0 }, error = { 0 };
    enum config_edit result = config_edit_put_client(text, id, key, &with, &error);

    ENSURE((result == CONFIG_EDIT_FAILED) == (error.len > 0));
    if (result != CONFIG_EDIT_FAILED) {
        ENSURE(has_client(buffer_str(&with), id, key));
        result = config_edit_remove_client(buffer_str(&with), id, &without, &error);
        ENSURE(result == CONFIG_EDIT_REMOVED);
        ENSURE(!has_client(buffer_str(&without), id, key));
        result = config_edit_remove_client(buffer_str(&without), id, &same, &error);
        ENSURE(result == CONFIG_EDIT_ABSENT);
        ENSURE(str_equal(buffer_str(&same), buffer_str(&without)));
    }
    buffer_fini(&with);
    buffer_fini(&without);
    buffer_fini(&same);
    buffer_fini(&error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_slice((const char *)data, size);

    load(text);
    edit(text);
    return 0;
}
