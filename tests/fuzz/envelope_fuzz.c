/* SPDX-License-Identifier: MIT */
/*
 * envelope_fuzz: any bytes as what an application published; what is taken becomes a packet that
 * a client can parse.
 */
#include "base/bytes.h"
#include "base/ensure.h"
#include "fuzz.h"
#include "wire/envelope.h"
#include "wire/sio_packet.h"
#include "json/json_scan.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sio_packet p;
    struct envelope e;
    struct bytes *text;
    struct json_cursor c;
    struct str part;
    enum sio_parse result;

    if (!envelope_parse(str_slice((const char *)data, size), &e))
        return 0;
    ENSURE(e.socket.len == 0 || json_scan_kind(e.socket) == JSON_STRING);
    text = envelope_encode(&e, STR_LIT("chan-\xc3\xa9"));
    ENSURE(str_starts(bytes_str(text), "42["));
    result = sio_packet_decode(str_slice(text->data + 1, text->len - 1), &p);
    ENSURE(result == SIO_PARSE_OK);
    ENSURE(json_scan_string_is(p.argument, "chan-\xc3\xa9"));
    c = json_scan_enter(p.payload);
    for (int parts = 0; parts < 3; parts++)
        ENSURE(json_scan_element(&c, &part));
    ENSURE(!json_scan_element(&c, &part));
    bytes_unref(text);
    return 0;
}
