/* SPDX-License-Identifier: MIT */
/*
 * digest: libcrypto's random bytes, hashes and base64.
 */
#include "base/digest.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>

#include "base/ensure.h"

enum { POOL_SIZE = 1024, POOLED_MAX = 64 };

/* Random bytes made ahead: libcrypto asks the kernel for the process id and runs its generator
 * in every call, which costs more than the rest of an id.  Bytes are erased once used, and no
 * process of this program continues after fork(2). */
struct pool {
    size_t left;
    unsigned char bytes[POOL_SIZE];
};

static _Thread_local struct pool pool;

static bool
has_digest(const char *name)
{
    EVP_MD *kind = EVP_MD_fetch(NULL, name, NULL);

    EVP_MD_free(kind);
    return kind != NULL;
}

bool
digest_works(void)
{
    unsigned char byte;

    return RAND_bytes(&byte, 1) == 1 && has_digest("SHA1") && has_digest("SHA256");
}

static void
generate(void *out, size_t len)
{
    ENSURE(len <= INT_MAX);
    ENSURE(RAND_bytes(out, (int)len) == 1);
}

void
digest_random(void *out, size_t len)
{
    if (len > POOLED_MAX) {
        generate(out, len);
        return;
    }
    if (len > pool.left) {
        generate(pool.bytes, sizeof(pool.bytes));
        pool.left = sizeof(pool.bytes);
    }
    pool.left -= len;
    memcpy(out, pool.bytes + pool.left, len);
    OPENSSL_cleanse(pool.bytes + pool.left, len);
}

void
digest_to_hex(const void *in, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = in;

    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
}

void
digest_random_hex(size_t bytes, char *out)
{
    unsigned char byte;

    for (size_t i = 0; i < bytes; i++) {
        digest_random(&byte, 1);
        digest_to_hex(&byte, 1, out + 2 * i);
    }
    out[2 * bytes] = '\0';
}

uint32_t
digest_random_below(uint32_t bound)
{
    uint64_t value;

    ENSURE(bound > 0);
    digest_random(&value, sizeof(value));
    /* 64 bits over 32: the bias is below 2^-32. */
    return (uint32_t)(value % bound);
}

/* Fetched once: with EVP_sha1() libcrypto looks for an implementation in every call. */
static EVP_MD *sha1, *sha256;

static void
fetch(void)
{
    sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    ENSURE(sha1 && sha256);
}

static void
digest(EVP_MD *const *kind, struct str in, uint8_t *out)
{
    static pthread_once_t fetched = PTHREAD_ONCE_INIT;

    ENSURE(pthread_once(&fetched, fetch) == 0);
    ENSURE(EVP_Digest(in.data, in.len, out, NULL, *kind, NULL) == 1);
}

void
digest_sha1(struct str in, uint8_t out[DIGEST_SHA1_SIZE])
{
    digest(&sha1, in, out);
}

void
digest_sha256(struct str in, uint8_t out[DIGEST_SHA256_SIZE])
{
    digest(&sha256, in, out);
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Without padding; libcrypto's own encoder adds a NUL and always pads. */
static size_t
encode_letters(const char letters[65], const uint8_t *in, size_t len, char *out)
{
    size_t written = 0;

    for (size_t i = 0; i < len; i += 3) {
        uint32_t group = (uint32_t)in[i] << 16;
        size_t left = len - i;

        group |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        group |= left > 2 ? in[i + 2] : 0;
        for (size_t k = 0; k < (left > 2 ? 4 : left + 1); k++)
            out[written++] = letters[group >> (18 - 6 * k) & 63];
    }
    return written;
}

size_t
digest_base64_encode(const void *in, size_t len, char *out)
{
    size_t written = encode_letters(alphabet, in, len, out);

    while (written % 4)
        out[written++] = '=';
    return written;
}

size_t
digest_base64url(const void *in, size_t len, char *out)
{
    return encode_letters(url_alphabet, in, len, out);
}

/* The value of a letter of either alphabet, or -1. */
static int
letter_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

/* Encoders of MIME (RFC 2045 6.8) break lines, as that of Java's client does. */
static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool
digest_base64_decode(struct str in, char *out, size_t *len)
{
    uint32_t group = 0;
    unsigned bits = 0;

    *len = 0;
    while (in.len > 0 && (in.data[in.len - 1] == '=' || is_blank(in.data[in.len - 1])))
        in.len--;
    for (size_t i = 0; i < in.len; i++) {
        int value = letter_value(in.data[i]);

        if (is_blank(in.data[i]))
            continue;
        if (value < 0)
            return false;
        group = group << 6 | (uint32_t)value;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        out[(*len)++] = (char)(group >> bits & 0xff);
    }
    return true;
}
