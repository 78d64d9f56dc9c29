/* SPDX-License-Identifier: MIT */
/*
 * coercion: one rule a kind of option (enum option_js).
 */
#include "coercion.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "option_value.h"
#include "options.h"

static struct str
text_of(const json_t *value)
{
    return str_slice(json_string_value(value), json_string_length(value));
}

static bool
is_choice(const struct option *o, struct str text)
{
    for (size_t i = 0; o->choices && o->choices[i]; i++)
        if (str_is(text, o->choices[i]))
            return true;
    return false;
}

/* Whether the row's own parser may read value. */
static bool
is_plain_value(const struct option *o, const json_t *value)
{
    bool is_text = json_is_string(value);

    switch (o->js) {
    case JS_CHECKED:
    case JS_NUMBER:
    case JS_TEXT:
        return true;
    case JS_ENTRIES:
        return is_text;
    case JS_TRUTHY:
    case JS_NOT_FALSE:
        return json_is_boolean(value) || (is_text && str_is(text_of(value), "true"));
    case JS_TEXT_TRUE:
        return json_is_boolean(value) ||
               (is_text && (str_is(text_of(value), "true") || str_is(text_of(value), "false")));
    case JS_ONLY_TRUE:
        return json_is_boolean(value);
    case JS_OR_DEFAULT:
        return is_text && (o->kind != OPTION_CHOICE || is_choice(o, text_of(value)));
    }
    return true;
}

/* ---- JavaScript ---- */

bool
coercion_is_nothing(const json_t *value)
{
    if (json_is_string(value))
        return json_string_length(value) == 0;
    if (json_is_number(value))
        return json_number_value(value) == 0;
    return json_is_false(value) || json_is_null(value);
}

enum { NUMBER_SIZE = 40, DIGITS_SURE = 15, DIGITS_MAX = 17 };

/* The shortest digits that read back as the same number. */
static void
append_js_number(const json_t *value, struct buffer *out)
{
    double real = json_number_value(value);
    char text[NUMBER_SIZE];

    if (json_is_integer(value)) {
        buffer_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return;
    }
    if (fabs(real) < 1e15 && (double)(int64_t)real == real) {
        buffer_printf(out, "%.0f", real);
        return;
    }
    for (int digits = DIGITS_SURE; digits <= DIGITS_MAX; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, real);
        if (strtod(text, NULL) == real)
            break;
    }
    buffer_append_text(out, text);
}

/* A list's entries have commas between them. */
void
coercion_append_text(const json_t *value, struct buffer *out)
{
    const json_t *item;
    size_t i;

    if (json_is_string(value))
        buffer_append_str(out, text_of(value));
    else if (json_is_number(value))
        append_js_number(value, out);
    else if (json_is_boolean(value))
        buffer_append_text(out, json_is_true(value) ? "true" : "false");
    json_array_foreach(value, i, item)
    {
        buffer_append_text(out, i > 0 ? "," : "");
        if (!json_is_array(item))
            coercion_append_text(item, out);
    }
}

/* Number(value), but for true and lists. */
static bool
to_number(const json_t *value, double *number)
{
    char *end;

    if (json_is_number(value)) {
        *number = json_number_value(value);
        return true;
    }
    if (!json_is_string(value))
        return false;
    *number = strtod(json_string_value(value), &end);
    while (isspace((unsigned char)*end))
        end++;
    return *end == 0 && end != json_string_value(value) && isfinite(*number);
}

/* ---- the rules ---- */

static enum coercion
coerce_bool(void *slot, bool on)
{
    *(bool *)slot = on;
    return COERCION_TAKEN;
}

static enum coercion
coerce_text_true(void *slot, const json_t *value)
{
    struct buffer text = { 0 };
    bool on;

    coercion_append_text(value, &text);
    on = str_is(buffer_str(&text), "true");
    buffer_fini(&text);
    return coerce_bool(slot, on);
}

/* parseInt(value): the digits that it begins with.  0 is not a valid port: nothing can be reached
 * there. */
static enum coercion
coerce_leading_digits(const struct option *o, void *slot, const json_t *value)
{
    struct str text = str_trim(text_of(value));
    size_t digits = 0;

    while (digits < text.len && isdigit((unsigned char)text.data[digits]))
        digits++;
    if (digits == 0 || !option_value_parse(o, slot, str_slice(text.data, digits)))
        *(uint64_t *)slot = 0;
    return COERCION_TAKEN;
}

/* One out of range becomes the nearest within it. */
static enum coercion
coerce_number(const struct option *o, void *slot, const json_t *value)
{
    double number;

    if (o->kind == OPTION_PORT)
        return coerce_leading_digits(o, slot, value);
    if (!to_number(value, &number))
        return COERCION_DEFAULT;
    if (number < (double)o->min)
        *(uint64_t *)slot = o->min;
    else if (number > (double)o->max)
        *(uint64_t *)slot = o->max;
    else
        *(uint64_t *)slot = (uint64_t)number;
    return COERCION_TAKEN;
}

enum { PORT_DIGITS_MIN = 2, PORT_DIGITS_MAX = 5 };

/* The last two to five digits at the end, whatever is before them. */
static struct str
port_digits(struct str text)
{
    size_t digits = 0;

    if (str_ends(text, "/"))
        text.len--;
    while (digits < text.len && digits < PORT_DIGITS_MAX &&
           isdigit((unsigned char)text.data[text.len - digits - 1]))
        digits++;
    if (digits < PORT_DIGITS_MIN)
        return (struct str){ 0 };
    return str_slice(text.data + text.len - digits, digits);
}

static enum coercion
coerce_text(const struct option *o, void *slot, const json_t *value)
{
    struct buffer text = { 0 };
    enum coercion result = o->kind == OPTION_PORT ? COERCION_WRONG : COERCION_DEFAULT;
    struct str s;

    coercion_append_text(value, &text);
    s = o->kind == OPTION_PORT ? port_digits(buffer_str(&text)) : buffer_str(&text);
    if (s.len > 0 && option_value_parse(o, slot, s))
        result = COERCION_TAKEN;
    buffer_fini(&text);
    return result;
}

/* Those words of a text that are valid entries. */
static enum coercion
coerce_entries(const struct option *o, void *slot, const json_t *value)
{
    struct str rest = text_of(value);
    bool any = false;

    if (!json_is_string(value))
        return COERCION_WRONG;
    while (rest.len > 0) {
        struct str word = option_value_next_word(&rest);

        if (word.len == 0 || !option_value_takes_entry(o, word))
            continue;
        if (!any)
            option_value_free(o, slot);
        any = option_value_add_entry(o, slot, word);
    }
    return any ? COERCION_TAKEN : COERCION_DEFAULT;
}

/* Of a text with choices, true is the first: `sameSite: true` is Strict. */
static enum coercion
coerce_or_default(const struct option *o, void *slot, const json_t *value)
{
    if (o->kind == OPTION_TEXT && o->choices && json_is_true(value) &&
        option_value_parse(o, slot, str_of(o->choices[0])))
        return COERCION_TAKEN;
    return json_is_string(value) && !o->choices ? COERCION_WRONG : COERCION_DEFAULT;
}

static enum coercion
coerce(const struct option *o, void *slot, const json_t *value)
{
    switch (o->js) {
    case JS_CHECKED:
        return COERCION_WRONG;
    case JS_TRUTHY:
        return coerce_bool(slot, !coercion_is_nothing(value));
    case JS_NOT_FALSE:
        return coerce_bool(slot, !json_is_false(value));
    case JS_ONLY_TRUE:
        return coerce_bool(slot, json_is_true(value));
    case JS_TEXT_TRUE:
        return coerce_text_true(slot, value);
    case JS_NUMBER:
        return coerce_number(o, slot, value);
    case JS_TEXT:
        return coerce_text(o, slot, value);
    case JS_ENTRIES:
        return coerce_entries(o, slot, value);
    case JS_OR_DEFAULT:
        return coerce_or_default(o, slot, value);
    }
    return COERCION_WRONG;
}

/* The text of a scalar; false: its type is wrong for the row. */
static bool
append_scalar(const struct option *o, const json_t *value, struct buffer *out)
{
    bool is_bool = o->kind == OPTION_BOOL || o->kind == OPTION_SWITCH;
    bool takes_bool = is_bool || o->words, takes_number = !is_bool;

    coercion_append_text(value, out);
    return json_is_string(value) || (takes_number && json_is_number(value)) ||
           (takes_bool && json_is_boolean(value));
}

enum coercion
coercion_read(const struct option *o, void *slot, const json_t *value)
{
    struct buffer text = { 0 };
    bool read = is_plain_value(o, value) && append_scalar(o, value, &text) &&
                option_value_parse(o, slot, buffer_str(&text));

    buffer_fini(&text);
    return read ? COERCION_READ : coerce(o, slot, value);
}

/* laravel-echo-server knew of one such variable, DEBUG: others mean what they say. */
enum coercion
coercion_read_text(const struct option *o, void *slot, struct str text)
{
    bool is_bool = o->kind == OPTION_BOOL || o->kind == OPTION_SWITCH;
    enum coercion result;
    json_t *value;

    if (is_bool && o->js != JS_TEXT_TRUE)
        return option_value_parse(o, slot, text) ? COERCION_READ : COERCION_WRONG;
    value = json_stringn_nocheck(text.data, text.len);
    result = coercion_read(o, slot, value);
    json_decref(value);
    return result;
}
