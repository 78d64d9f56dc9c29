/* SPDX-License-Identifier: MIT */
/*
 * websocket_fuzz: whatever a client sends, and however it is cut, the reader survives it, keeps
 * within its limit, and tells the same story.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/utf8.h"
#include "ws_reader.h"

enum { LIMIT = 4096 };

static void
tell(struct buffer *story, enum ws_event event, const struct ws_incoming *in)
{
    ENSURE(in->data.len <= LIMIT);
    ENSURE(event != WS_EVENT_TEXT || utf8_valid(in->data));
    buffer_printf(story, "%d %u %zu ", (int)event, in->code, in->data.len);
    buffer_append_str(story, in->data);
}

static void
read_in_steps(const struct ws_rules *rules, struct str all, size_t step, struct buffer *story)
{
    struct ws_reader_pool pool = { 0 };
    struct ws_reader *r = ws_reader_lend(&pool);
    struct ws_incoming in;
    enum ws_event event = WS_EVENT_MORE;

    for (size_t at = 0; at < all.len && event != WS_EVENT_FAILED; at += step) {
        size_t n = all.len - at < step ? all.len - at : step;
        struct str input = str_slice(all.data + at, n);
        while ((event = ws_reader_next(r, rules, &input, &in)) != WS_EVENT_MORE) {
            tell(story, event, &in);
            if (event == WS_EVENT_FAILED)
                break;
        }
    }
    ws_reader_return(&pool, r);
    ws_reader_pool_fini(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct ws_rules rules = { LIMIT, data[0] & 1, LIMIT };
    struct str all = str_slice((const char *)data + 1, size - 1);
    struct buffer whole = { 0 }, cut = { 0 };

    read_in_steps(&rules, all, all.len ? all.len : 1, &whole);
    read_in_steps(&rules, all, 1u + (data[0] >> 1), &cut);
    ENSURE(str_equal(buffer_str(&whole), buffer_str(&cut)));
    buffer_fini(&whole);
    buffer_fini(&cut);
    return 0;
}
