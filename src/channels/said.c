/* SPDX-License-Identifier: MIT */
/*
 * said: a table of digests that only fills.
 */
#include "said.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/digest.h"

enum { SLOTS = 1024 };

/* 0: free. */
static _Atomic uint64_t slots[SLOTS];

bool
said_first(struct str what)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    uint64_t key;

    digest_sha256(what, digest);
    memcpy(&key, digest, sizeof(key));
    key |= 1;
    for (size_t i = 0; i < SLOTS; i++) {
        uint64_t seen = 0;

        if (atomic_compare_exchange_strong(&slots[(key + i) % SLOTS], &seen, key))
            return true;
        if (seen == key)
            return false;
    }
    return false;
}
