/* SPDX-License-Identifier: MIT */
/*
 * tls_bio: where the memory ends, OpenSSL is told to try again.
 */
#include "tls_bio.h"

#include <pthread.h>
#include <string.h>

#include "base/ensure.h"

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static int
bio_read(BIO *bio, char *out, int size)
{
    struct tls_io *io = BIO_get_data(bio);
    size_t len = io->in_len < (size_t)size ? io->in_len : (size_t)size;

    BIO_clear_retry_flags(bio);
    if (len == 0) { /* never the end of file: the stream knows when that is */
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(out, io->in, len);
    io->in += len;
    io->in_len -= len;
    return (int)len;
}

static int
bio_write(BIO *bio, const char *data, int size)
{
    struct tls_io *io = BIO_get_data(bio);
    size_t room = io->out_size - io->out_len;
    size_t len = room < (size_t)size ? room : (size_t)size;

    BIO_clear_retry_flags(bio);
    if (!io->out || len == 0) {
        BIO_set_retry_write(bio);
        return -1;
    }
    memcpy(io->out + io->out_len, data, len);
    io->out_len += len;
    return (int)len;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static void
make_method(void)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    ENSURE(method);
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_ctrl);
}

BIO *
tls_bio_new(struct tls_io *io)
{
    BIO *bio;

    pthread_once(&method_once, make_method);
    bio = BIO_new(method);
    ENSURE(bio);
    BIO_set_data(bio, io);
    BIO_set_init(bio, 1);
    return bio;
}
