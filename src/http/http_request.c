/* SPDX-License-Identifier: MIT */
/*
 * http_request: look-ups in the head of a request.
 */
#include "http/http_request.h"

struct str
http_request_header(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (str_is_nocase(r->headers[i].name, name))
            return r->headers[i].value;
    return (struct str){ NULL, 0 };
}

bool
http_request_has_token(const struct http_request *r, const char *name, const char *token)
{
    for (size_t i = 0; i < r->header_count; i++) {
        struct str rest = r->headers[i].value;

        if (!str_is_nocase(r->headers[i].name, name))
            continue;
        while (rest.len > 0)
            if (str_is_nocase(str_trim(str_cut(rest, ',', &rest)), token))
                return true;
    }
    return false;
}

/* Whether the parameters of a coding hold a weight of 0: "q=0", "q=0.000". */
static bool
is_refused(struct str parameters)
{
    while (parameters.len > 0) {
        struct str value, name = str_trim(str_cut(parameters, ';', &parameters));

        name = str_trim(str_cut(name, '=', &value));
        value = str_trim(value);
        if (!str_is_nocase(name, "q") || !str_starts(value, "0"))
            continue;
        for (size_t i = 1; i < value.len; i++)
            if (value.data[i] != '0' && value.data[i] != '.')
                return false;
        return true;
    }
    return false;
}

bool
http_request_accepts(const struct http_request *r, const char *coding)
{
    struct str rest = http_request_header(r, "Accept-Encoding");
    bool any = false;

    while (rest.len > 0) {
        struct str parameters, item = str_cut(rest, ',', &rest);

        item = str_trim(str_cut(item, ';', &parameters));
        if (str_is_nocase(item, coding))
            return !is_refused(parameters);
        if (str_is(item, "*"))
            any = !is_refused(parameters);
    }
    return any;
}
