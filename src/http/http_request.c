/* SPDX-License-Identifier: MIT */
/*
 * http_request: looking things up in a head.
 */
#include "http/http_request.h"

struct str
http_request_header(const struct http_request *r, const char *name)
{
    struct str wanted = str_of(name);

    for (size_t i = 0; i < r->header_count; i++) {
        if (str_same_nocase(r->headers[i].name, wanted))
            return r->headers[i].value;
    }
    return str_slice(NULL, 0);
}

static bool
list_has(struct str list, const char *token)
{
    while (list.len > 0) {
        struct str item = str_cut(list, ',', &list);

        if (str_is_nocase(str_trim(item), token))
            return true;
    }
    return false;
}

bool
http_request_has_token(const struct http_request *r, const char *name, const char *token)
{
    for (size_t i = 0; i < r->header_count; i++) {
        if (str_is_nocase(r->headers[i].name, name) && list_has(r->headers[i].value, token))
            return true;
    }
    return false;
}

/* "q=0", "q=0.000": a weight without any digit but zero. */
static bool
weight_is_zero(struct str parameters)
{
    while (parameters.len > 0) {
        struct str value;
        struct str name = str_cut(str_cut(parameters, ';', &parameters), '=', &value);

        if (!str_is_nocase(str_trim(name), "q"))
            continue;
        value = str_trim(value);
        for (size_t i = 0; i < value.len; i++) {
            if (value.data[i] != '0' && value.data[i] != '.')
                return false;
        }
        return value.len > 0;
    }
    return false;
}

/* What the coding's own item says counts; "*" speaks for those that are not listed. */
bool
http_request_accepts(const struct http_request *r, const char *coding)
{
    struct str list = http_request_header(r, "Accept-Encoding");
    bool any = false;

    while (list.len > 0) {
        struct str parameters;
        struct str name = str_trim(str_cut(str_cut(list, ',', &list), ';', &parameters));

        if (str_is_nocase(name, coding))
            return !weight_is_zero(parameters);
        if (str_is(name, "*"))
            any = !weight_is_zero(parameters);
    }
    return any;
}
