/* SPDX-License-Identifier: MIT */
/*
 * tls_files: patterns as glob(7) has them.  Forge keeps each issue of a certificate in a numbered
 * folder, /etc/nginx/ssl/example.com/1234567/server.crt: a pattern outlives the number.
 */
#include "tls_files.h"

#include <errno.h>
#include <glob.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/loop.h"

/* More than FILES_MAX are not tried: the newest ones count. */
enum { FILES_MAX = 16, FILE_LIMIT_BYTES = 1 << 20 };

struct file {
    char *path;
    struct timespec changed;
};

struct files {
    struct file items[FILES_MAX];
    size_t count;
};

static bool
is_newer(const struct file *a, const struct file *b)
{
    if (a->changed.tv_sec != b->changed.tv_sec)
        return a->changed.tv_sec > b->changed.tv_sec;
    if (a->changed.tv_nsec != b->changed.tv_nsec)
        return a->changed.tv_nsec > b->changed.tv_nsec;
    return strverscmp(a->path, b->path) > 0;
}

/* Keeps the newest, in order. */
static void
insert_file(struct files *f, const char *path)
{
    struct stat st;
    struct file fresh = { (char *)path, { 0 } };
    size_t at = f->count;

    if (stat(path, &st) == 0)
        fresh.changed = st.st_mtim;
    while (at > 0 && is_newer(&fresh, &f->items[at - 1]))
        at--;
    if (at == FILES_MAX)
        return;
    if (f->count == FILES_MAX)
        free(f->items[--f->count].path);
    memmove(&f->items[at + 1], &f->items[at], (f->count - at) * sizeof(f->items[0]));
    fresh.path = mem_strdup(path);
    f->items[at] = fresh;
    f->count++;
}

/* path itself when it is not a pattern, whether it exists or not. */
static void
expand_pattern(const char *path, struct files *out)
{
    glob_t found;

    out->count = 0;
    if (!path)
        return;
    if (!strpbrk(path, "*?[") || access(path, F_OK) == 0) { /* a file's name may look like one */
        insert_file(out, path);
        return;
    }
    if (glob(path, GLOB_NOSORT, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        insert_file(out, found.gl_pathv[i]);
    globfree(&found);
}

static void
free_files(struct files *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->items[i].path);
}

static bool
are_neighbours(const char *a, const char *b)
{
    const char *slash = strrchr(a, '/');
    size_t len = slash ? (size_t)(slash - a) + 1 : 0;

    return strncmp(a, b, len) == 0 && !strchr(b + len, '/');
}

/* The newest in the folder of path; NULL: there is none. */
static const char *
neighbour_of(const char *path, const struct files *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (are_neighbours(f->items[i].path, path))
            return f->items[i].path;
    return NULL;
}

/* A key in another folder is looked at only where there is none in the certificate's. */
static void
combine(const struct files *certs, const struct files *keys, const struct files *chains,
    struct tls_trios *out)
{
    for (size_t i = 0; i < certs->count; i++) {
        const char *cert = certs->items[i].path;
        const char *chain = neighbour_of(cert, chains);
        bool near = neighbour_of(cert, keys) != NULL;

        if (!chain && chains->count > 0)
            chain = chains->items[0].path;
        for (size_t k = 0; k < keys->count; k++) {
            const char *key = keys->items[k].path;

            if (near && !are_neighbours(key, cert))
                continue;
            out->items = mem_resize(out->items, out->count + 1, sizeof(*out->items));
            out->items[out->count++] =
                (struct tls_trio){ mem_strdup(cert), mem_strdup(key), mem_strdup(chain) };
        }
    }
}

static bool
matches_nothing(
    const struct files *f, const char *path, enum tls_part part, struct tls_fault *fault)
{
    if (!path || f->count > 0)
        return false;
    fault->part = part;
    buffer_printf(&fault->sentence, "no readable file matches the pattern %s", path);
    return true;
}

bool
tls_files_find(const struct tls_pair *pair, struct tls_trios *out, struct tls_fault *f)
{
    struct files certs, keys, chains;
    bool ok;

    *out = (struct tls_trios){ 0 };
    expand_pattern(pair->cert_path, &certs);
    expand_pattern(pair->key_path, &keys);
    expand_pattern(pair->chain_path, &chains);
    ok = !matches_nothing(&certs, pair->cert_path, TLS_PART_CERT, f) &&
         !matches_nothing(&keys, pair->key_path, TLS_PART_KEY, f) &&
         !matches_nothing(&chains, pair->chain_path, TLS_PART_CHAIN, f);
    if (ok)
        combine(&certs, &keys, &chains, out);
    free_files(&certs);
    free_files(&keys);
    free_files(&chains);
    return ok;
}

void
tls_files_fini(struct tls_trios *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->items[i].cert);
        free(t->items[i].key);
        free(t->items[i].chain);
    }
    free(t->items);
}

BIO *
tls_files_read(const char *path, const char *what, struct buffer *content, struct buffer *error)
{
    FILE *file = fopen(path, "re");
    char reason[LOOP_ERROR_SIZE];

    if (file) {
        buffer_reserve(content, FILE_LIMIT_BYTES);
        content->len = fread(content->data, 1, FILE_LIMIT_BYTES, file);
    }
    if (!file || ferror(file)) {
        buffer_printf(
            error, "cannot read the %s %s: %s", what, path, loop_error_text(errno, reason));
        if (file)
            fclose(file);
        buffer_fini(content);
        return NULL;
    }
    fclose(file);
    ERR_clear_error();
    return BIO_new_mem_buf(content->data, (int)content->len);
}

/* The time of the inode is part of it, so that a changed mode or owner counts too. */
static void
mark_path(const char *path, struct buffer *out)
{
    struct files found;

    expand_pattern(path, &found);
    for (size_t i = 0; i < found.count; i++) {
        struct stat st = { 0 };

        (void)stat(found.items[i].path, &st); /* a missing file is all zero */
        buffer_printf(out, "%s %ju %ju %jd %jd.%09ld %jd.%09ld\n", found.items[i].path,
            (uintmax_t)st.st_dev, (uintmax_t)st.st_ino, (intmax_t)st.st_size,
            (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (intmax_t)st.st_ctim.tv_sec,
            st.st_ctim.tv_nsec);
    }
    free_files(&found);
}

void
tls_files_mark(const struct tls_server_options *o, struct buffer *out)
{
    for (size_t i = 0; i < o->pair_count; i++) {
        mark_path(o->pairs[i].cert_path, out);
        mark_path(o->pairs[i].key_path, out);
        mark_path(o->pairs[i].chain_path, out);
    }
}
