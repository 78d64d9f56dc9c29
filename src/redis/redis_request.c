/* SPDX-License-Identifier: MIT */
/*
 * redis_request: RESP2, an array of strings.
 */
#include "redis_request.h"

#include "base/buffer.h"
#include "base/bytes.h"

struct bytes *
redis_request_new(const struct str *argv, size_t argc)
{
    struct buffer out = { 0 };
    struct bytes *request;

    buffer_printf(&out, "*%zu\r\n", argc);
    for (size_t i = 0; i < argc; i++) {
        buffer_printf(&out, "$%zu\r\n", argv[i].len);
        if (argv[i].len > 0)
            buffer_append_str(&out, argv[i]);
        buffer_append(&out, "\r\n", 2);
    }
    request = buffer_to_bytes(&out);
    buffer_fini(&out);
    return request;
}
