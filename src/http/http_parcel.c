/* SPDX-License-Identifier: MIT */
/*
 * http_parcel: a connection on its way to another loop: its stream, and the bytes from the head
 * that nobody answered yet.
 */
#include "http/http_conn.h"

#include <stdlib.h>

#include "http_conn_priv.h"
#include "net/stream.h"

void
http_parcel_drop(struct http_parcel *p)
{
    if (!p)
        return;
    stream_parcel_drop(p->stream);
    buffer_fini(&p->raw);
    free(p);
}
