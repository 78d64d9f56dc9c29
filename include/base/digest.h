/* SPDX-License-Identifier: MIT */
/*
 * digest: random bytes, SHA-1 (RFC 6455's accept key), SHA-256, base64 and base64url, from
 * libcrypto.  Any thread.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

enum { DIGEST_SHA1_SIZE = 20, DIGEST_SHA256_SIZE = 32 };

/* Whether libcrypto does what is asked of it below: its configuration, which is the operator's, may
 * forbid that. */
MUST_USE bool digest_works(void);

/* 2 * len lower-case hex digits, without a NUL. */
void digest_to_hex(const void *in, size_t len, char *out);
/* From libcrypto's generator; aborts when there is none. */
void digest_random(void *out, size_t len);
/* The same, as 2 * bytes lower-case hex digits and NUL. */
void digest_random_hex(size_t bytes, char *out);
/* A random number in [0, bound); bound > 0. */
uint32_t digest_random_below(uint32_t bound);
void digest_sha1(struct str in, uint8_t out[DIGEST_SHA1_SIZE]);
void digest_sha256(struct str in, uint8_t out[DIGEST_SHA256_SIZE]);

/* Length of len bytes in base64 with padding. */
#define DIGEST_BASE64_SIZE(len) (((len) + 2) / 3 * 4)

/* With padding, no line breaks; out has room for DIGEST_BASE64_SIZE(len); returns the length. */
size_t digest_base64_encode(const void *in, size_t len, char *out);
/* Padding optional, both alphabets taken, blanks and line ends passed over, as Node's Buffer does;
 * out has room for in.len bytes.  False on any other character. */
MUST_USE bool digest_base64_decode(struct str in, char *out, size_t *len);
/* base64url without padding: an id.  out has room for len * 4 / 3 + 1 characters. */
size_t digest_base64url(const void *in, size_t len, char *out);

#endif
