/* SPDX-License-Identifier: MIT */
/*
 * json_scan_fuzz: any bytes as a JSON text; what is taken can be walked, decoded, normalised and
 * taken again.
 */
#include "base/buffer.h"
#include "base/ensure.h"
#include "base/utf8.h"
#include "fuzz.h"
#include "json/json_scan.h"

/* Every part of a value that was taken is inside it and is a value. */
static void
walk(struct str value)
{
    enum json_kind kind = json_scan_kind(value);
    struct json_cursor c;
    struct str key, item;

    ENSURE(kind != JSON_NONE);
    if (kind != JSON_ARRAY && kind != JSON_OBJECT)
        return;
    c = json_scan_enter(value);
    while (kind == JSON_ARRAY ? json_scan_element(&c, &item) : json_scan_member(&c, &key, &item)) {
        ENSURE(item.data > value.data && item.data + item.len < value.data + value.len);
        ENSURE(kind == JSON_ARRAY || json_scan_kind(key) == JSON_STRING);
        walk(item);
    }
    ENSURE(str_trim(str_slice(c.at, (size_t)(c.end - c.at))).len == 0);
}

static void
decode_and_quote(struct str value)
{
    struct buffer text = { 0 }, quoted = { 0 }, again = { 0 };
    struct str back;

    json_scan_string(value, &text);
    ENSURE(utf8_valid(buffer_str(&text)));
    json_scan_quote(buffer_str(&text), &quoted);
    ENSURE(json_scan_whole(buffer_str(&quoted), &back));
    json_scan_string(back, &again);
    ENSURE(str_equal(buffer_str(&again), buffer_str(&text)));
    buffer_fini(&text);
    buffer_fini(&quoted);
    buffer_fini(&again);
}

static void
normalise(struct str value)
{
    struct buffer once = { 0 }, twice = { 0 };
    struct str again;

    json_scan_normalise(value, &once);
    ENSURE(once.len <= value.len);
    ENSURE(json_scan_whole(buffer_str(&once), &again));
    ENSURE(json_scan_kind(again) == json_scan_kind(value));
    json_scan_normalise(again, &twice);
    ENSURE(str_equal(buffer_str(&twice), buffer_str(&once)));
    buffer_fini(&once);
    buffer_fini(&twice);
}

/* The fields of a text are those of the object that it is, if it is one. */
static void
check_fields(struct str text)
{
    struct json_field field = { .name = "a" };
    struct str value, found;
    bool object = json_scan_whole(text, &value) && json_scan_kind(value) == JSON_OBJECT;

    ENSURE(json_scan_fields(text, &field, 1) == object);
    if (!object)
        return;
    found = json_scan_get(value, "a");
    ENSURE(found.len == field.value.len && (found.len == 0 || found.data == field.value.data));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_slice((const char *)data, size), value;

    check_fields(text);
    if (!json_scan_whole(text, &value))
        return 0;
    walk(value);
    normalise(value);
    if (json_scan_kind(value) == JSON_STRING)
        decode_and_quote(value);
    return 0;
}
