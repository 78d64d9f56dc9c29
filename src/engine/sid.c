/* SPDX-License-Identifier: MIT */
/*
 * sid: session ids: 14 random bytes and the worker's number, in base64url.
 */
#include "sid.h"

#include "base/digest.h"
#include "base/ensure.h"

enum { SID_BYTES = 15, WORKER_AT = 14 };

void
sid_make(unsigned worker, char out[EIO_SESSION_SID_LEN])
{
    uint8_t raw[SID_BYTES];
    char text[EIO_SESSION_SID_LEN + 1];

    ENSURE(worker <= UINT8_MAX);
    digest_random(raw, WORKER_AT);
    /* Masked by a random byte: the number of workers is nobody's business. */
    raw[WORKER_AT] = (uint8_t)(worker ^ raw[0]);
    ENSURE(digest_base64url(raw, SID_BYTES, text) == EIO_SESSION_SID_LEN);
    memcpy(out, text, EIO_SESSION_SID_LEN);
}

bool
sid_worker(struct str sid, unsigned *worker)
{
    char raw[EIO_SESSION_SID_LEN];
    size_t len = 0;

    if (sid.len != EIO_SESSION_SID_LEN || !digest_base64_decode(sid, raw, &len))
        return false;
    if (len != SID_BYTES)
        return false;
    *worker = (uint8_t)(raw[WORKER_AT] ^ raw[0]);
    return true;
}
