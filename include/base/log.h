/* SPDX-License-Identifier: MIT */
/*
 * log: one line an event on stderr: time, level, words, then key=value pairs.
 *
 *   2026-11-23T20:39:06.123Z notice subscription refused channel=private-x status=403
 *
 * Lines are whole, so those of several threads do not mix.  They are written by log_writer, or,
 * until that is started, by the caller.  The message is the format; values of peers are passed as
 * LOG_STR() or through "%s" inside key=value and are quoted and escaped by log_value().  Any
 * thread.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_NOTICE,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

/* Default: notice. */
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

/* times, over 1, is said at the end: how often it has happened since it was logged last. */
void log_times(enum log_level level, unsigned times, const char *format, ...) PRINTF_LIKE(3, 4);
#define log_at(level, ...) log_times((level), 1, __VA_ARGS__)

#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_at(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) (log_enabled(LOG_LEVEL_INFO) ? log_at(LOG_LEVEL_INFO, __VA_ARGS__) : (void)0)
#define log_debug(...)                                                                             \
    (log_enabled(LOG_LEVEL_DEBUG) ? log_at(LOG_LEVEL_DEBUG, __VA_ARGS__) : (void)0)

/* For log_writer_start(). */
void log_lost(unsigned long lines);

/*
 * True for the first caller with this text, of all threads: for what is logged once in the life
 * of the process.  A limited number of texts is remembered; past it the answer is false.
 */
MUST_USE bool log_first(struct str what);

/* For what may happen again and again, as often as a peer likes, and is logged only so many times a
 * period; all zero to begin. */
struct log_gate {
    uint64_t begun_ms; /* the period; 0: none yet */
    unsigned logged;   /* in it */
    unsigned times;    /* since it was logged last */
};
/* It happened once more.  0: do not log it now; else how often it happened since it was logged
 * last. */
MUST_USE unsigned log_gate_pass(
    struct log_gate *g, uint64_t now_ms, uint64_t period_ms, unsigned most);

/*
 * For a line that a peer can cause as often as it likes: of each such place in the code, each
 * thread writes most lines in LOG_GATE_MS, and the next one has times=.  LOG_GATE_MOST where
 * nothing speaks for another number.  A line that is not written costs a look at the clock.
 */
enum { LOG_GATE_MS = 10000, LOG_GATE_MOST = 100 };
#define log_gated(level, most, ...)                                                                \
    do {                                                                                           \
        static _Thread_local struct log_gate gate_;                                                \
        unsigned times_ = log_enabled(level) ? log_gate_pass_now(&gate_, most) : 0;                \
        if (times_ > 0)                                                                            \
            log_times(level, times_, __VA_ARGS__);                                                 \
    } while (0)
MUST_USE unsigned log_gate_pass_now(struct log_gate *g, unsigned most);

enum { LOG_VALUE_SIZE = 256 };

/* Pass each line that is written to sink too, without its time, level and line end.  Before there
 * are threads; sink may be called by any. */
void log_set_sink(void (*sink)(enum log_level level, struct str line));

/*
 * A peer's text made fit for a line: bare when it is plain, else quoted, control characters and
 * bytes that are not UTF-8 escaped as \xNN, cut with "..." at LOG_VALUE_SIZE.  Returns out.
 */
const char *log_value(struct str value, char out[LOG_VALUE_SIZE]);

/* log_value() in a buffer that lives to the end of the enclosing block: log_info("x a=%s",
 * LOG_STR(a)). */
#define LOG_STR(value) log_value((value), (char[LOG_VALUE_SIZE]){ 0 })

#endif
