/* SPDX-License-Identifier: MIT */
/*
 * log_writer: a ring of whole lines, and a thread that empties it.
 */
#include "base/log_writer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { RING_BYTES = 512 * 1024, PIECE_BYTES = 64 * 1024 };

/*
 * OFF --start--> ON --stop--> ENDING --the ring is empty--> OFF
 *                               `------limit_ms------> STUCK
 *
 * OFF     no thread; lines are not taken.
 * ON      lines are taken; those that find no room are counted, and all after them until the ring
 *         is empty, so that the count stands where lines are missing.
 * ENDING  no line is taken any more; the thread writes what is left.
 * STUCK   for good: the thread is in a write that does not return.  Lines are discarded.
 */
enum writer_state { WRITER_OFF, WRITER_ON, WRITER_ENDING, WRITER_STUCK };

/* Everything but piece is guarded by lock. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t more, less; /* for the thread: a line, the end; for those who wait: written */
    pthread_t thread;
    enum writer_state state;
    void (*on_lost)(unsigned long lines);
    size_t head, used; /* of ring */
    bool writing;      /* a piece */
    unsigned long lost;
    char ring[RING_BYTES];
    char piece[PIECE_BYTES]; /* the thread's */
} writer = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- the ring ---- */

static void
ring_put(const char *data, size_t len)
{
    size_t at = (writer.head + writer.used) % RING_BYTES;
    size_t first = len < RING_BYTES - at ? len : RING_BYTES - at;

    memcpy(writer.ring + at, data, first);
    memcpy(writer.ring, data + first, len - first);
    writer.used += len;
}

/* Into piece: as many whole lines as it holds. */
static size_t
ring_take(void)
{
    size_t len = writer.used < PIECE_BYTES ? writer.used : PIECE_BYTES;
    size_t first = len < RING_BYTES - writer.head ? len : RING_BYTES - writer.head;
    const char *end;

    memcpy(writer.piece, writer.ring + writer.head, first);
    memcpy(writer.piece + first, writer.ring, len - first);
    end = memrchr(writer.piece, '\n', len);
    len = end ? (size_t)(end + 1 - writer.piece) : len;
    writer.used -= len;
    /* An empty one begins anew, so that a quiet log touches little memory. */
    writer.head = writer.used > 0 ? (writer.head + len) % RING_BYTES : 0;
    return len;
}

/* ---- the thread ---- */

/* What cannot be written at all is lost: there is no other place to say so. */
static void
write_piece(size_t len)
{
    struct pollfd writable = { .fd = STDERR_FILENO, .events = POLLOUT };
    size_t at = 0;

    while (at < len) {
        ssize_t done = write(STDERR_FILENO, writer.piece + at, len - at);

        if (done >= 0)
            at += (size_t)done;
        else if (errno == EAGAIN)
            (void)poll(&writable, 1, -1);
        else if (errno != EINTR)
            return;
    }
}

static void
say_lost(void)
{
    unsigned long lost = writer.lost;

    writer.lost = 0;
    pthread_mutex_unlock(&writer.lock);
    writer.on_lost(lost);
    pthread_mutex_lock(&writer.lock);
}

static void *
write_lines(void *unused)
{
    (void)unused;
    pthread_setname_np(pthread_self(), "log");
    pthread_mutex_lock(&writer.lock);
    while (writer.used > 0 || writer.lost > 0 || writer.state == WRITER_ON) {
        if (writer.used > 0) {
            size_t len = ring_take();

            writer.writing = true;
            pthread_mutex_unlock(&writer.lock);
            write_piece(len);
            pthread_mutex_lock(&writer.lock);
            writer.writing = false;
            pthread_cond_broadcast(&writer.less);
        } else if (writer.lost > 0) {
            say_lost();
        } else {
            pthread_cond_wait(&writer.more, &writer.lock);
        }
    }
    if (writer.state == WRITER_ENDING)
        writer.state = WRITER_OFF;
    pthread_cond_broadcast(&writer.less);
    pthread_mutex_unlock(&writer.lock);
    return NULL;
}

/* Signals are for the threads that expect them; the one of a denied system call (seccomp) comes to
 * its own thread, and ends the process where it is blocked. */
static bool
start_thread(void)
{
    sigset_t all, before;
    int error;

    sigfillset(&all);
    sigdelset(&all, SIGSYS);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&writer.thread, NULL, write_lines, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

/* ---- what others call ---- */

static void
make_conditions(void)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&writer.more, &monotonic);
    pthread_cond_init(&writer.less, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

bool
log_writer_start(void (*on_lost)(unsigned long lines))
{
    make_conditions();
    writer.on_lost = on_lost;
    writer.state = WRITER_ON;
    if (start_thread())
        return true;
    writer.state = WRITER_OFF;
    return false;
}

static struct timespec
later(unsigned ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

void
log_writer_stop(unsigned limit_ms)
{
    struct timespec limit = later(limit_ms);
    bool ended;
    int error = 0;

    pthread_mutex_lock(&writer.lock);
    if (writer.state != WRITER_ON) {
        pthread_mutex_unlock(&writer.lock);
        return;
    }
    writer.state = WRITER_ENDING;
    pthread_cond_signal(&writer.more);
    while (writer.state == WRITER_ENDING && error == 0)
        error = pthread_cond_timedwait(&writer.less, &writer.lock, &limit);
    ended = writer.state == WRITER_OFF;
    if (!ended)
        writer.state = WRITER_STUCK;
    pthread_mutex_unlock(&writer.lock);
    if (ended)
        pthread_join(writer.thread, NULL);
    else
        pthread_detach(writer.thread);
}

void
log_writer_flush(unsigned limit_ms)
{
    struct timespec limit = later(limit_ms);
    int error = 0;

    pthread_mutex_lock(&writer.lock);
    while (writer.state == WRITER_ON && (writer.used > 0 || writer.writing || writer.lost > 0) &&
           error == 0)
        error = pthread_cond_timedwait(&writer.less, &writer.lock, &limit);
    pthread_mutex_unlock(&writer.lock);
}

bool
log_writer_take(const char *line, size_t len)
{
    bool taken;

    pthread_mutex_lock(&writer.lock);
    taken = writer.state == WRITER_ON || writer.state == WRITER_STUCK;
    if (writer.state == WRITER_ON) {
        if (writer.lost > 0 || len > RING_BYTES - writer.used)
            writer.lost++;
        else
            ring_put(line, len);
        pthread_cond_signal(&writer.more);
    }
    pthread_mutex_unlock(&writer.lock);
    return taken;
}
