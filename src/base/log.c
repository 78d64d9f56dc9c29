/* SPDX-License-Identifier: MIT */
/*
 * log: lines made of time, level and words, for log_writer, or for stderr as long as that rests.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/log_writer.h"
#include "base/utf8.h"

enum { LINE_MAX_BYTES = 4096, FIRSTS_MAX = 1024 };

static atomic_int threshold = LOG_LEVEL_NOTICE;
static void (*log_sink)(enum log_level level, struct str line);

static const char *const names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_NOTICE] = "notice",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

void
log_set_level(enum log_level level)
{
    atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
}

bool
log_enabled(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&threshold, memory_order_relaxed);
}

void
log_set_sink(void (*sink)(enum log_level level, struct str line))
{
    log_sink = sink;
}

/* Appended to what is in the line, which is cut rather than to grow past size. */
static size_t PRINTF_LIKE(4, 0)
    append_words(char *line, size_t len, size_t size, const char *format, va_list args)
{
    int wanted = vsnprintf(line + len, size - len, format, args);

    if (wanted < 0)
        return len;
    return (size_t)wanted < size - len ? len + (size_t)wanted : size - 1;
}

static size_t PRINTF_LIKE(4, 5) append(char *line, size_t len, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    len = append_words(line, len, size, format, args);
    va_end(args);
    return len;
}

void
log_times(enum log_level level, unsigned times, const char *format, ...)
{
    enum { END_BYTES = 24 }; /* " times=4294967295" and the end of the line */
    char line[LINE_MAX_BYTES];
    struct timespec now;
    struct tm utc;
    size_t head, len;
    va_list args;

    if (!log_enabled(level))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    len = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &utc);
    head = len =
        append(line, len, sizeof(line), ".%03ldZ %s ", now.tv_nsec / 1000000, names[level]);
    va_start(args, format);
    len = append_words(line, len, sizeof(line) - END_BYTES, format, args);
    va_end(args);
    if (times > 1)
        len = append(line, len, sizeof(line) - 1, " times=%u", times);
    if (log_sink)
        log_sink(level, str_slice(line + head, len - head));
    line[len++] = '\n';
    /* When the log itself cannot be written there is no other place to say so. */
    if (!log_writer_take(line, len) && write(STDERR_FILENO, line, len) < 0)
        return;
}

void
log_lost(unsigned long lines)
{
    log_warning("lines of the log were lost, because nobody read them lines=%lu", lines);
}

bool
log_first(struct str what)
{
    static _Atomic uint64_t digests[FIRSTS_MAX]; /* only fills; 0: free */
    uint8_t digest[DIGEST_SHA256_SIZE];
    uint64_t key;

    digest_sha256(what, digest);
    memcpy(&key, digest, sizeof(key));
    key |= 1;
    for (size_t i = 0; i < FIRSTS_MAX; i++) {
        uint64_t seen = 0;

        if (atomic_compare_exchange_strong(&digests[(key + i) % FIRSTS_MAX], &seen, key))
            return true;
        if (seen == key)
            return false;
    }
    return false;
}

unsigned
log_gate_pass(struct log_gate *g, uint64_t now_ms, uint64_t period_ms, unsigned most)
{
    unsigned times = ++g->times;

    if (g->begun_ms == 0 || now_ms - g->begun_ms >= period_ms) {
        g->begun_ms = now_ms;
        g->logged = 0;
    }
    if (g->logged == most)
        return 0;
    g->logged++;
    g->times = 0;
    return times;
}

unsigned
log_gate_pass_now(struct log_gate *g, unsigned most)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return log_gate_pass(
        g, (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000, LOG_GATE_MS, most);
}

static bool
is_plain(struct str value)
{
    if (value.len == 0)
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (value.data[i] <= ' ' || value.data[i] > '~' || strchr("\"=\\", value.data[i]))
            return false;
    return true;
}

/*
 * What a terminal or a reader's eye obeys in place of showing it: C0, DEL and C1; marks that turn
 * the direction of writing, and letters and lines of no width (U+061C, U+200B to U+200F, U+2028 to
 * U+202E, U+2060 to U+206F, U+FEFF).
 */
static bool
is_control(struct str s)
{
    static const struct {
        unsigned char first, second, from, to;
    } marks[] = { { 0xe2, 0x80, 0x8b, 0x8f }, { 0xe2, 0x80, 0xa8, 0xae },
        { 0xe2, 0x81, 0xa0, 0xaf }, { 0xef, 0xbb, 0xbf, 0xbf } };
    const unsigned char *c = (const unsigned char *)s.data;

    if (c[0] < 0x20 || c[0] == 0x7f)
        return true;
    if (s.len > 1 && ((c[0] == 0xc2 && c[1] < 0xa0) || (c[0] == 0xd8 && c[1] == 0x9c)))
        return true;
    for (size_t i = 0; i < COUNT_OF(marks) && s.len > 2; i++)
        if (c[0] == marks[i].first && c[1] == marks[i].second && c[2] >= marks[i].from &&
            c[2] <= marks[i].to)
            return true;
    return false;
}

/* One character of the value into out (room for 4); returns how many bytes were taken. */
static size_t
escape_one(struct str s, char *out, size_t *written)
{
    unsigned char c = (unsigned char)s.data[0];
    size_t n = 1; /* the length of its UTF-8 sequence */

    while (n <= 4 && n <= s.len && !utf8_valid(str_slice(s.data, n)))
        n++;
    if (n > 4 || n > s.len || is_control(s)) {
        *written = (size_t)snprintf(out, 5, "\\x%02x", c);
        return 1;
    }
    *written = 0;
    if (c == '"' || c == '\\')
        out[(*written)++] = '\\';
    memcpy(out + *written, s.data, n);
    *written += n;
    return n;
}

const char *
log_value(struct str value, char out[LOG_VALUE_SIZE])
{
    size_t len = 0, taken, written;
    bool plain = is_plain(value);
    char piece[8];

    if (!plain)
        out[len++] = '"';
    for (size_t i = 0; i < value.len; i += taken) {
        taken = escape_one(str_slice(value.data + i, value.len - i), piece, &written);
        if (len + written > LOG_VALUE_SIZE - 6) {
            memcpy(out + len, "...", 3);
            len += 3;
            break;
        }
        memcpy(out + len, piece, written);
        len += written;
    }
    if (!plain)
        out[len++] = '"';
    out[len] = '\0';
    return out;
}
