/* SPDX-License-Identifier: MIT */
/*
 * tls_pem: the file, and OpenSSL's words.
 */
#include "tls_pem.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <uv.h>

#include "base/buffer.h"

enum { PEM_LIMIT_BYTES = 1 << 20 };

const char *
tls_pem_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    return reason ? reason : "unknown error";
}

BIO *
tls_pem_open(const char *path, const char *what, struct buffer *content, struct buffer *error)
{
    char reason[128];
    FILE *file = fopen(path, "re");

    if (file) {
        buffer_reserve(content, PEM_LIMIT_BYTES);
        content->len = fread(content->data, 1, PEM_LIMIT_BYTES, file);
    }
    if (!file || ferror(file)) {
        uv_strerror_r(-errno, reason, sizeof(reason));
        buffer_printf(error, "cannot read the %s %s: %s", what, path, reason);
        if (file)
            fclose(file);
        return NULL;
    }
    fclose(file);
    ERR_clear_error();
    return BIO_new_mem_buf(content->data, (int)content->len);
}
