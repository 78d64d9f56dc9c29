/* SPDX-License-Identifier: MIT */
/*
 * http_check: line ends, header names, Host, Transfer-Encoding, target, Expect.  llhttp is lenient
 * about most of them, and how lenient depends on how it was built.
 */
#include "http_check.h"

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

bool
http_check_marks(struct str s, const char *marks)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i], letter = (char)(c | 0x20);

        if (!(c >= '0' && c <= '9') && !(letter >= 'a' && letter <= 'z') &&
            (c == '\0' || !strchr(marks, c)))
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
    return t.data[0] == '/' || str_starts_nocase(t, "http://") || str_starts_nocase(t, "https://");
}

/* One Host, which may be empty, and which HTTP/1.0 may leave out; "chunked" as the only coding, and
 * not in HTTP/1.0, which does not know it.  0: as it should be; else the status. */
static unsigned
check_headers(const struct http_message *m)
{
    unsigned hosts = 0, codings = 0;
    bool expectation_known = true;

    for (size_t i = 0; i < m->header_count; i++) {
        const struct http_header *h = &m->headers[i];

        if (h->name.len == 0 || !http_check_marks(h->name, "!#$%&'*+-.^_`|~"))
            return 400;
        if (str_is_nocase(h->name, "Host")) {
            hosts++;
            if (!http_check_marks(h->value, ".-_:[]%~!$&'()*+,;="))
                return 400;
        } else if (str_is_nocase(h->name, "Transfer-Encoding")) {
            codings++;
            if (!str_is_nocase(h->value, "chunked") || m->minor == 0)
                return 400;
        } else if (str_is_nocase(h->name, "Expect") && !str_is_nocase(h->value, "100-continue")) {
            expectation_known = false;
        }
    }
    if (codings > 1 || hosts > 1 || (hosts == 0 && m->minor != 0))
        return 400;
    return expectation_known ? 0 : 417;
}

unsigned
http_check_request(const struct http_message *m)
{
    if (m->major > 1)
        return 505;
    if (m->major != 1 || m->minor > 1 || !lines_valid(m->raw) || !target_valid(m))
        return 400;
    return check_headers(m);
}
