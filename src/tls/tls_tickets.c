/* SPDX-License-Identifier: MIT */
/*
 * tls_tickets: a ring of keys without a lock.
 *
 *   ring:  [ before ] [ now ] [ next ]      now = turns % RING
 *
 * Tickets are made with now, and taken back with now or before.  Only next is written: a handshake
 * could look there only if it had begun to a whole turn ago, which is hours.
 */
#include "tls_tickets_priv.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/ensure.h"

enum { RING = 3, NAME_BYTES = 16, KEY_BYTES = 32 };

struct ticket_key {
    unsigned char name[NAME_BYTES];
    unsigned char cipher[KEY_BYTES];
    unsigned char mac[KEY_BYTES];
};

/* Each is random from the beginning: a key that anybody knows must not be there. */
static struct ticket_key ring[RING];
static atomic_uint turns = RING;
static pthread_once_t ring_once = PTHREAD_ONCE_INIT;

static void
make_ring(void)
{
    ENSURE(RAND_bytes((unsigned char *)ring, sizeof(ring)) == 1);
}

void
tls_tickets_renew(void)
{
    unsigned next = atomic_load_explicit(&turns, memory_order_relaxed) + 1;

    pthread_once(&ring_once, make_ring);
    ENSURE(RAND_bytes((unsigned char *)&ring[next % RING], sizeof(*ring)) == 1);
    atomic_store_explicit(&turns, next, memory_order_release);
}

static bool
set_mac(EVP_MAC_CTX *mac, struct ticket_key *key)
{
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof(key->mac)),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){ "SHA256" }, 0),
        OSSL_PARAM_construct_end(),
    };

    return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

/* As OpenSSL wants it: 1 or 2 (and a new ticket) to go on, 0 for a whole handshake, -1 to fail. */
static int
on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac, int make)
{
    unsigned now = atomic_load_explicit(&turns, memory_order_acquire);
    struct ticket_key *key = &ring[now % RING], *before = &ring[(now - 1) % RING];
    bool old = false;

    (void)ssl;
    if (make) {
        memcpy(name, key->name, sizeof(key->name));
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1 ||
            EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv) != 1)
            return -1;
        return set_mac(mac, key) ? 1 : -1;
    }
    if (memcmp(name, key->name, sizeof(key->name)) != 0) {
        old = true;
        key = before;
    }
    if (memcmp(name, key->name, sizeof(key->name)) != 0)
        return 0;
    if (!set_mac(mac, key) ||
        EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv) != 1)
        return -1;
    return old ? 2 : 1;
}

void
tls_tickets_apply(SSL_CTX *openssl)
{
    pthread_once(&ring_once, make_ring);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(openssl, on_ticket);
}
