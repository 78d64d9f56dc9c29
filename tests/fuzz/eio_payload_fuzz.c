/* SPDX-License-Identifier: MIT */
/*
 * eio_payload_fuzz: any bytes as the body of a polling request, of either version, text or octets,
 * bare or in a JSONP form.  The first byte says which.
 */
#include "base/buffer.h"
#include "base/ensure.h"
#include "fuzz.h"
#include "wire/eio_packet.h"

static void
encode(enum eio_version v, bool octets, const struct eio_packet *p, struct buffer *out)
{
    char digit = (char)('0' + (int)p->type);
    struct buffer text = { 0 };

    buffer_append_char(&text, digit);
    buffer_append_str(&text, p->data);
    eio_payload_append_text(v, octets, buffer_str(&text), out);
    buffer_fini(&text);
}

/* Decode; returns how many text packets there were, encoded again into out. */
static size_t
decode(enum eio_version v, bool octets, struct str body, struct buffer *out)
{
    struct buffer scratch = { 0 };
    struct eio_packet packet;
    struct eio_payload p;
    size_t count = 0;

    eio_payload_begin(&p, v, octets, body);
    while (eio_payload_next(&p, &scratch, &packet)) {
        ENSURE(packet.type <= EIO_NOOP);
        if (packet.binary)
            continue;
        encode(v, octets, &packet, out);
        count++;
    }
    ENSURE(p.failed || p.rest.len == 0);
    buffer_fini(&scratch);
    return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum eio_version v;
    bool octets;
    struct buffer once = { 0 }, twice = { 0 }, form = { 0 };
    struct str body;
    size_t count;

    if (size == 0)
        return 0;
    v = data[0] & 1 ? EIO_4 : EIO_3;
    octets = v == EIO_3 && data[0] & 2;
    body = str_slice((const char *)data + 1, size - 1);
    if (data[0] & 4 && eio_payload_from_form(body, &form))
        body = buffer_str(&form);
    count = decode(v, octets, body, &once);
    /* Only valid UTF-8 has a length in UTF-16 that leads back; octets and 4 need none. */
    if (count > 0 && (octets || v == EIO_4))
        ENSURE(decode(v, octets, buffer_str(&once), &twice) == count);
    buffer_clear(&once);
    eio_payload_jsonp(STR_LIT("0"), body, &once);
    buffer_fini(&once);
    buffer_fini(&twice);
    buffer_fini(&form);
    return 0;
}
