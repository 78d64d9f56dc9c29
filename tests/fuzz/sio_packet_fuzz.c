/* SPDX-License-Identifier: MIT */
/*
 * sio_packet_fuzz: any bytes as a Socket.IO packet; what is taken keeps the header's promises.
 */
#include "base/ensure.h"
#include "fuzz.h"
#include "wire/sio_packet.h"
#include "json/json_scan.h"

static void
check_event(const struct sio_packet *p)
{
    ENSURE((p->payload.len > 0) == (p->name.len > 0));
    if (p->name.len == 0)
        return;
    ENSURE(json_scan_kind(p->name) == JSON_STRING);
    ENSURE(p->argument.len == 0 ||
           p->argument.data + p->argument.len < p->payload.data + p->payload.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sio_packet p;
    bool binary;

    if (size > 4096 || sio_packet_decode(str_slice((const char *)data, size), &p) != SIO_PARSE_OK)
        return 0;
    binary = p.type == SIO_BINARY_EVENT || p.type == SIO_BINARY_ACK;
    ENSURE(binary == (p.attachments > 0) && p.attachments <= SIO_ATTACHMENTS_MAX);
    ENSURE(p.nsp.len > 0 && p.nsp.data[0] == '/');
    ENSURE(p.ack >= SIO_NO_ACK);
    if (p.type == SIO_EVENT || p.type == SIO_BINARY_EVENT)
        check_event(&p);
    return 0;
}
