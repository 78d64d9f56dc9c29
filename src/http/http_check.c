/* SPDX-License-Identifier: MIT */
/*
 * http_check: line ends, header names, Host, Transfer-Encoding, target, Expect.  llhttp is lenient
 * about most of them, and how lenient depends on how it was built.
 */
#include "http_check.h"

#include <stdbool.h>
#include <string.h>

#include "http_parser.h"

/* CR and LF come as pairs and no line begins with white space (obs-fold). */
static bool
lines_valid(struct str raw)
{
    const char *line = raw.data, *end = raw.data + raw.len;

    if (memchr(line, '\0', raw.len))
        return false;
    while (line < end) {
        const char *cr = memchr(line, '\r', (size_t)(end - line));
        const char *line_end = cr ? cr : end;

        if (*line == ' ' || *line == '\t' || memchr(line, '\n', (size_t)(line_end - line)))
            return false;
        if (!cr)
            return true;
        if (end - cr < 2 || cr[1] != '\n')
            return false;
        line = cr + 2;
    }
    return true;
}

static bool
is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
consists_of(struct str s, const char *marks)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];

        if (!is_alnum(c) && (c == '\0' || !strchr(marks, c)))
            return false;
    }
    return true;
}

static bool
names_valid(const struct http_message *m)
{
    for (size_t i = 0; i < m->header_count; i++) {
        struct str name = m->headers[i].name;

        if (name.len == 0 || !consists_of(name, "!#$%&'*+-.^_`|~"))
            return false;
    }
    return true;
}

static bool
target_valid(const struct http_message *m)
{
    struct str t = m->target;

    if (t.len == 0 || memchr(t.data, '#', t.len) || str_has_control(t))
        return false;
    if (str_is(t, "*"))
        return m->method == HTTP_METHOD_OPTIONS;
    return t.data[0] == '/' || str_starts(t, "http://") || str_starts(t, "https://");
}

/* One Host, which may be empty; HTTP/1.0 may leave it out. */
static bool
host_valid(const struct http_message *m)
{
    unsigned count = 0;

    for (size_t i = 0; i < m->header_count; i++) {
        if (!str_is_nocase(m->headers[i].name, "Host"))
            continue;
        count++;
        if (!consists_of(m->headers[i].value, ".-_:[]%~!$&'()*+,;="))
            return false;
    }
    return count == 1 || (count == 0 && m->minor == 0);
}

/* "chunked" and nothing else, and not in a version that does not know it. */
static bool
coding_valid(const struct http_message *m)
{
    unsigned count = 0;

    for (size_t i = 0; i < m->header_count; i++) {
        if (!str_is_nocase(m->headers[i].name, "Transfer-Encoding"))
            continue;
        count++;
        if (!str_is_nocase(m->headers[i].value, "chunked") || m->minor == 0)
            return false;
    }
    return count <= 1;
}

static bool
expectation_known(const struct http_message *m)
{
    for (size_t i = 0; i < m->header_count; i++) {
        if (str_is_nocase(m->headers[i].name, "Expect") &&
            !str_is_nocase(m->headers[i].value, "100-continue"))
            return false;
    }
    return true;
}

unsigned
http_check_request(const struct http_message *m)
{
    if (m->major > 1)
        return 505;
    if (m->major != 1 || m->minor > 1 || !lines_valid(m->raw) || !names_valid(m))
        return 400;
    if (!target_valid(m) || !host_valid(m) || !coding_valid(m))
        return 400;
    return expectation_known(m) ? 0 : 417;
}
