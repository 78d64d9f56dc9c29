/* SPDX-License-Identifier: MIT */
/*
 * tls_server: contexts of servers, and which certificate a client gets.
 *
 *   pairs --names--> map: name -> context with one pair a type of key
 *   client's host name --exact, else "*.rest"--> its context, else the first pair's
 *
 * OpenSSL asks for the host's context once a handshake.  The map belongs to the first context as
 * OpenSSL counts it, since a handshake may outlive the struct tls_context it began with.
 */
#include "tls/tls_server.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "base/map.h"
#include "base/mem.h"
#include "stream_tls.h"
#include "tls_pair.h"
#include "tls_rules.h"

enum { HOST_MAX = 254 };

struct tls_context {
    SSL_CTX *openssl;
    atomic_uint refs;
    struct tls_certificate *certificates; /* in the order of the pairs */
    size_t certificate_count;
};

/* Types of keys of which one context holds one each. */
enum key_type { KEY_RSA, KEY_EC, KEY_EDWARDS, KEY_OTHER, KEY_TYPES };

static const char *const key_names[] = {
    [KEY_RSA] = "RSA", [KEY_EC] = "EC", [KEY_EDWARDS] = "Ed25519", [KEY_OTHER] = "other"
};

/* The pairs of one context, by the type of their keys; NULL: none of that type. */
struct choice {
    const struct tls_loaded *of[KEY_TYPES];
};

/* A name, and the context for it; in the map, which it is owned by. */
struct host {
    char *name;
    SSL_CTX *openssl; /* NULL: the first one, which must not hold itself */
};

/* While a context is made. */
struct making {
    const struct tls_server_options *options;
    struct tls_fault *fault;
    struct tls_loaded *pairs;
    struct choice *choices; /* that have a context, the first one first */
    SSL_CTX **contexts;
    size_t context_count;
};

static int hosts_index; /* where a context has its map of struct host by name */
static pthread_once_t hosts_once = PTHREAD_ONCE_INIT;

/* ---- host names ---- */

static void
on_context_freed(
    void *parent, void *object, CRYPTO_EX_DATA *data, int index, long number, void *arg)
{
    struct map *hosts = object;
    struct host *h;

    (void)parent, (void)data, (void)index, (void)number, (void)arg;
    if (!hosts)
        return;
    for (size_t i = 0; (h = map_next(hosts, &i));) {
        SSL_CTX_free(h->openssl);
        free(h->name);
        free(h);
    }
    map_fini(hosts);
    free(hosts);
}

static void
make_hosts_index(void)
{
    hosts_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, on_context_freed);
    ENSURE(hosts_index >= 0);
}

/* A "*" stands for one label, as browsers have it. */
static const struct host *
find_host(const struct map *hosts, const char *asked)
{
    char name[HOST_MAX + 1];
    size_t len = 0;
    const struct host *found;
    char *dot;

    for (; len < HOST_MAX && asked[len]; len++)
        name[len] = (char)tolower((unsigned char)asked[len]);
    if (len > 0 && name[len - 1] == '.')
        len--;
    found = map_get(hosts, str_slice(name, len));
    dot = memchr(name, '.', len);
    if (found || !dot || dot == name)
        return found;
    dot[-1] = '*';
    return map_get(hosts, str_slice(dot - 1, len - (size_t)(dot - 1 - name)));
}

/* Called twice when the client has to say hello again. */
static int
on_server_name(SSL *ssl, int *alert, void *arg)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const struct host *h = name ? find_host(arg, name) : NULL;

    (void)alert;
    if (h && h->openssl && h->openssl != SSL_get_SSL_CTX(ssl))
        SSL_set_SSL_CTX(ssl, h->openssl);
    return SSL_TLSEXT_ERR_OK;
}

/* ---- one context ---- */

static SSL_CTX *
make_context(const struct making *m, const struct choice *choice)
{
    SSL_CTX *openssl = tls_rules_new(TLS_server_method());
    bool ok = tls_rules_apply(openssl, m->options, m->fault);

    for (int t = KEY_TYPES - 1; ok && t >= 0; t--) {
        const struct tls_loaded *pair = choice->of[t];

        if (!pair || SSL_CTX_use_cert_and_key(openssl, pair->own, pair->key, pair->chain, 1) == 1)
            continue;
        m->fault->pair = (size_t)(pair - m->pairs);
        m->fault->part = TLS_PART_CERT;
        buffer_printf(&m->fault->sentence, "the certificate %s cannot be used: %s", pair->path,
            ERR_reason_error_string(ERR_peek_error()));
        ok = false;
    }
    if (ok)
        return openssl;
    ERR_clear_error();
    SSL_CTX_free(openssl);
    return NULL;
}

/* ---- which pairs go together ---- */

static enum key_type
key_type_of(const struct tls_loaded *pair)
{
    switch (EVP_PKEY_get_base_id(pair->key)) {
    case EVP_PKEY_RSA:
        return KEY_RSA;
    case EVP_PKEY_EC:
        return KEY_EC;
    case EVP_PKEY_ED25519:
        return KEY_EDWARDS;
    default:
        return KEY_OTHER;
    }
}

static bool
is_for(const struct tls_loaded *pair, const char *name)
{
    for (size_t i = 0; i < pair->name_count; i++)
        if (strcmp(pair->names[i], name) == 0)
            return true;
    return pair->name_count == 0 && !name[0];
}

/* The first pair of each type that is for name; "": those that are for no host by name. */
static struct choice
choose_pairs(const struct making *m, const char *name)
{
    struct choice c = { { NULL } };

    for (size_t i = 0; i < m->options->pair_count; i++) {
        const struct tls_loaded *pair = &m->pairs[i];
        enum key_type type = key_type_of(pair);

        if (!c.of[type] && is_for(pair, name))
            c.of[type] = pair;
    }
    return c;
}

/* The context of a choice, made once; NULL: m->fault says why. */
static SSL_CTX *
context_of(struct making *m, const struct choice *c)
{
    SSL_CTX *openssl;

    for (size_t i = 0; i < m->context_count; i++)
        if (memcmp(&m->choices[i], c, sizeof(*c)) == 0)
            return m->contexts[i];
    openssl = make_context(m, c);
    if (!openssl)
        return NULL;
    m->choices = mem_resize(m->choices, m->context_count + 1, sizeof(*m->choices));
    m->contexts = mem_resize(m->contexts, m->context_count + 1, sizeof(SSL_CTX *));
    m->choices[m->context_count] = *c;
    m->contexts[m->context_count++] = openssl;
    return openssl;
}

static bool
add_host(struct making *m, struct map *hosts, const char *name)
{
    struct choice c = choose_pairs(m, name);
    SSL_CTX *openssl = context_of(m, &c);
    struct host *h;

    if (!openssl)
        return false;
    if (map_get(hosts, str_of(name)))
        return true;
    h = mem_zalloc(sizeof(*h));
    h->name = mem_strdup(name);
    if (openssl != m->contexts[0]) {
        SSL_CTX_up_ref(openssl);
        h->openssl = openssl;
    }
    map_put(hosts, str_of(h->name), h);
    return true;
}

/* The first context is the first pair's, with its companions of other types. */
static bool
make_all(struct making *m)
{
    const struct tls_loaded *first = &m->pairs[0];
    struct choice c = choose_pairs(m, first->name_count > 0 ? first->names[0] : "");
    SSL_CTX *openssl = context_of(m, &c);
    struct map *hosts;
    bool ok = true;

    if (!openssl)
        return false;
    hosts = mem_zalloc(sizeof(*hosts));
    SSL_CTX_set_ex_data(openssl, hosts_index, hosts);
    for (size_t i = 0; i < m->options->pair_count; i++)
        for (size_t n = 0; ok && n < m->pairs[i].name_count; n++)
            ok = add_host(m, hosts, m->pairs[i].names[n]);
    if (m->context_count > 1) {
        SSL_CTX_set_tlsext_servername_callback(openssl, on_server_name);
        SSL_CTX_set_tlsext_servername_arg(openssl, hosts);
    }
    return ok;
}

/* ---- the certificates in use ---- */

static int64_t
unix_time(const ASN1_TIME *time)
{
    struct tm tm;

    return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static char *
join_names(const struct tls_loaded *pair)
{
    struct buffer all = { 0 };
    char *text;

    for (size_t i = 0; i < pair->name_count; i++)
        buffer_printf(&all, "%s%s", i > 0 ? ", " : "", pair->names[i]);
    text = mem_copy_text(all.data ? all.data : "", all.len);
    buffer_fini(&all);
    return text;
}

static char *
digest_of(X509 *x)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char *text;

    ENSURE(X509_digest(x, EVP_sha256(), raw, &len) == 1);
    text = mem_zalloc(2 * (size_t)len + 1);
    digest_to_hex(raw, len, text);
    return text;
}

static void
note_certificates(struct tls_context *c, const struct making *m)
{
    size_t count = m->options->pair_count;

    c->certificates = mem_resize(NULL, count, sizeof(*c->certificates));
    c->certificate_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct tls_loaded *pair = &m->pairs[i];

        c->certificates[i] = (struct tls_certificate){
            .path = mem_strdup(pair->path),
            .names = join_names(pair),
            .key_type = key_names[key_type_of(pair)],
            .digest = digest_of(pair->own),
            .passed_over = mem_strdup(pair->passed_over),
            .from_s = unix_time(X509_get0_notBefore(pair->own)),
            .until_s = unix_time(X509_get0_notAfter(pair->own)),
        };
    }
}

const struct tls_certificate *
tls_server_certificate(const struct tls_context *c, size_t i)
{
    return i < c->certificate_count ? &c->certificates[i] : NULL;
}

/* OpenSSL's own verification, from the other side. */
enum tls_verify
tls_server_verify(const struct tls_context *c, const char **reason)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *v = X509_STORE_CTX_new();
    STACK_OF(X509) *chain = NULL;
    int result;

    ENSURE(store && v);
    X509_STORE_set_default_paths(store);
    SSL_CTX_get0_chain_certs(c->openssl, &chain);
    ENSURE(X509_STORE_CTX_init(v, store, SSL_CTX_get0_certificate(c->openssl), chain) == 1);
    X509_STORE_CTX_set_purpose(v, X509_PURPOSE_SSL_SERVER);
    X509_STORE_CTX_set_flags(v, X509_V_FLAG_NO_CHECK_TIME);
    X509_verify_cert(v);
    result = X509_STORE_CTX_get_error(v);
    X509_STORE_CTX_free(v);
    X509_STORE_free(store);
    ERR_clear_error();
    *reason = X509_verify_cert_error_string(result);
    switch (result) {
    case X509_V_OK:
        return TLS_VERIFY_GOOD;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return TLS_VERIFY_SELF_SIGNED;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return TLS_VERIFY_INCOMPLETE;
    default:
        return TLS_VERIFY_BAD;
    }
}

/* ---- the whole ---- */

struct tls_context *
tls_server_new(const struct tls_server_options *o, struct tls_fault *f)
{
    struct making m = { .options = o, .fault = f };
    struct tls_context *c = NULL;
    bool ok = true;

    ENSURE(o->pair_count > 0);
    pthread_once(&hosts_once, make_hosts_index);
    m.pairs = mem_resize(NULL, o->pair_count, sizeof(*m.pairs));
    memset(m.pairs, 0, o->pair_count * sizeof(*m.pairs));
    for (size_t i = 0; ok && i < o->pair_count; i++) {
        f->pair = i;
        ok = tls_pair_load(&o->pairs[i], &m.pairs[i], f);
    }
    if (ok && make_all(&m)) {
        SSL_CTX_up_ref(m.contexts[0]);
        c = mem_zalloc(sizeof(*c));
        c->openssl = m.contexts[0];
        atomic_init(&c->refs, 1);
        note_certificates(c, &m);
    }
    for (size_t i = 0; i < m.context_count; i++)
        SSL_CTX_free(m.contexts[i]);
    for (size_t i = 0; i < o->pair_count; i++)
        tls_pair_fini(&m.pairs[i]);
    free(m.contexts);
    free(m.choices);
    free(m.pairs);
    return c;
}

struct tls_context *
tls_server_ref(struct tls_context *c)
{
    if (c)
        atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

void
tls_server_unref(struct tls_context *c)
{
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < c->certificate_count; i++) {
        free((char *)c->certificates[i].path);
        free((char *)c->certificates[i].names);
        free((char *)c->certificates[i].digest);
        free((char *)c->certificates[i].passed_over);
    }
    free(c->certificates);
    SSL_CTX_free(c->openssl);
    free(c);
}

void
tls_server_accept(struct tls_context *c, struct stream *s)
{
    stream_tls_accept(s, c->openssl);
}
