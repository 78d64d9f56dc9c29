/* SPDX-License-Identifier: MIT */
/*
 * laravel_prefix: the expression behind 'prefix' in the array 'redis'.  It is
 *
 *   env('REDIS_PREFIX', Str::slug(env('APP_NAME', 'laravel'), '_').'_database_')   since 5.8
 *   env('REDIS_PREFIX', Str::slug((string) env('APP_NAME', 'laravel')).'-database-')   since 2025
 *
 * or a text, or env('REDIS_PREFIX', text), or there is none.
 */
#include "laravel_prefix.h"

#include <ctype.h>

#include "base/buffer.h"

static bool
starts(struct str s, const char *prefix)
{
    return str_starts(s, prefix);
}

static struct str
skip(struct str s, size_t n)
{
    return str_slice(s.data + n, s.len - n);
}

static struct str
skip_white(struct str s)
{
    while (s.len > 0 && isspace((unsigned char)*s.data))
        s = skip(s, 1);
    return s;
}

/* The length of the quoted text at the beginning of s, with its quotes. */
static size_t
quoted_len(struct str s)
{
    size_t n = 1;

    while (n < s.len && s.data[n] != s.data[0])
        n += s.data[n] == '\\' ? 2 : 1;
    return n < s.len ? n + 1 : s.len;
}

static bool
is_quote(struct str s)
{
    return s.len > 0 && (*s.data == '\'' || *s.data == '"');
}

static size_t
comment_len(struct str s)
{
    const char *end;

    if (starts(s, "/*")) {
        end = memmem(s.data + 2, s.len - 2, "*/", 2);
        return end ? (size_t)(end + 2 - s.data) : s.len;
    }
    if (!starts(s, "//") && !starts(s, "#"))
        return 0;
    end = memchr(s.data, '\n', s.len);
    return end ? (size_t)(end - s.data) : s.len;
}

static void
append_code(struct str php, struct buffer *out)
{
    while (php.len > 0) {
        size_t comment = comment_len(php);
        size_t n = comment ? comment : is_quote(php) ? quoted_len(php) : 1;

        if (!comment)
            buffer_append(out, php.data, n);
        php = skip(php, n);
    }
}

/* What stands behind `'name' =>`; empty: nothing does. */
static struct str
value_of(struct str code, const char *name)
{
    while (code.len > 0) {
        size_t n = is_quote(code) ? quoted_len(code) : 1;
        struct str after = skip_white(skip(code, n));

        if (n == strlen(name) + 2 && memcmp(code.data + 1, name, n - 2) == 0 && starts(after, "=>"))
            return skip_white(skip(after, 2));
        code = skip(code, n);
    }
    return code;
}

/* To the comma or the bracket that ends the expression. */
static struct str
expression(struct str code)
{
    size_t n = 0, depth = 0;

    while (n < code.len) {
        struct str rest = skip(code, n);

        if (is_quote(rest)) {
            n += quoted_len(rest);
            continue;
        }
        if (depth == 0 && strchr(",)]", *rest.data))
            break;
        depth += *rest.data == '(' || *rest.data == '[';
        depth -= *rest.data == ')' || *rest.data == ']';
        n++;
    }
    return str_trim(str_slice(code.data, n));
}

/* The array behind `'redis' =>`; others of that name are drivers: texts, or arrays without hosts.
 */
static struct str
redis_array(struct str code)
{
    struct str array = value_of(code, "redis");

    while (array.len > 0 && !starts(array, "[") && !starts(array, "array"))
        array = value_of(array, "redis");
    return expression(array);
}

/* e is one quoted text. */
static bool
take_text(struct str e, struct laravel_prefix *p)
{
    if (!is_quote(e) || quoted_len(e) != e.len || e.len < 2 || e.data[e.len - 1] != e.data[0] ||
        e.len - 2 >= sizeof(p->text) || memchr(e.data, '\\', e.len) || memchr(e.data, '$', e.len))
        return false;
    memcpy(p->text, e.data + 1, e.len - 2);
    p->text[e.len - 2] = 0;
    return true;
}

/* `Str::slug(...).'text'`, also `str_slug(...)`. */
static bool
take_slug(struct str e, struct laravel_prefix *p)
{
    const char *call = memmem(e.data, e.len, "slug(", 5);
    struct str arguments, rest;

    if (!call || !str_contains(e, "APP_NAME"))
        return false;
    arguments = expression(skip(e, (size_t)(call + 5 - e.data)));
    rest = skip(e, (size_t)(arguments.data + arguments.len - e.data));
    p->separator = '-';
    if (starts(skip_white(rest), ",")) {
        struct str second = expression(skip_white(skip(skip_white(rest), 1)));

        if (second.len != 3 || !is_quote(second))
            return false;
        p->separator = second.data[1];
        rest = skip(e, (size_t)(second.data + second.len - e.data));
    }
    rest = skip_white(rest);
    if (!starts(rest, ")"))
        return false;
    rest = skip_white(skip(rest, 1));
    p->slugged = starts(rest, ".") && take_text(str_trim(skip(rest, 1)), p);
    return p->slugged;
}

/* `env('REDIS_PREFIX', <fallback>)`: what the fallback is. */
static bool
take_env(struct str e, struct laravel_prefix *p, struct str *fallback)
{
    struct str name, rest;

    if (!starts(e, "env(") || !str_ends(e, ")"))
        return false;
    rest = str_slice(e.data + 4, e.len - 5);
    name = expression(skip_white(rest));
    p->from_env = str_is(name, "'REDIS_PREFIX'") || str_is(name, "\"REDIS_PREFIX\"");
    rest = skip_white(skip(rest, (size_t)(name.data + name.len - rest.data)));
    *fallback = starts(rest, ",") ? expression(skip_white(skip(rest, 1))) : STR_LIT("''");
    return p->from_env;
}

struct laravel_prefix
laravel_prefix_read(struct str php)
{
    struct laravel_prefix p = { 0 };
    struct buffer code = { 0 };
    struct str redis, e;

    append_code(php, &code);
    redis = redis_array(buffer_str(&code));
    e = expression(value_of(redis, "prefix"));
    if (redis.len > 0 && e.len == 0)
        p.known = true; /* as before Laravel 5.8: none */
    else if (e.len > 0 && (!starts(e, "env(") || take_env(e, &p, &e)))
        p.known = take_slug(e, &p) || take_text(e, &p);
    buffer_fini(&code);
    return p;
}
