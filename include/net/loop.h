/* SPDX-License-Identifier: MIT */
/*
 * loop: one thread's event loop (on libuv), its clock, and the end of each turn.
 *
 * A turn handles what is ready; then, in this order: the tasks of loop_end_of_turn(), the gathered
 * writes of every stream that was sent to, the objects of loop_defer_free().  So a pointer on the
 * stack stays valid through its callback, and a burst of sends is one write a socket.  Made by any
 * thread, before it runs; from then on touched by its own thread alone.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/list.h"

struct budget;
struct loop;

/* Work for the end of the turn, or for soon; embed it, zero it. */
struct loop_task {
    struct list node;
    void (*run)(void *owner);
    void *owner;
};

/* Also makes the process ignore SIGPIPE: a write to a dead peer is an error, not the end. */
struct loop *loop_new(void);
/* Everything opened on it must have been closed.  Waits for the look-ups of names that libuv has
 * begun, and ignores their answers. */
void loop_free(struct loop *l);

/* Make libuv's threads, which look names up for all loops, now: they inherit what holds for this
 * thread.  Before any loop runs; else the first look-up makes them.  False: the machine has no
 * threads. */
MUST_USE bool loop_make_pool(struct loop *l);
/* Returns once loop_stop() was called and every handle is closed. */
void loop_run(struct loop *l);
/* End the loop when nothing is open any more (mailboxes, listeners and streams included). */
void loop_stop(struct loop *l);
/* One turn, without waiting when nothing is ready: for tests. */
void loop_turn(struct loop *l);

/* Memory that code on the loop may use within one call; nothing in it outlives that. */
enum { LOOP_PLAIN_SIZE = 16384, LOOP_CODED_SIZE = 65536 };
char *loop_plain_room(struct loop *l);
char *loop_coded_room(struct loop *l);

/* libuv's words for an errno: "no such file or directory".  Returns out.  Any thread. */
enum { LOOP_ERROR_SIZE = 128 };
const char *loop_error_text(int error, char out[LOOP_ERROR_SIZE]);

/* Milliseconds, monotonic, as of this turn's beginning (base/clock.h's scale). */
uint64_t loop_now_ms(const struct loop *l);

void loop_task_init(struct loop_task *t, void (*run)(void *owner), void *owner);
/* Run t once at the end of this turn; a second call before it ran changes nothing. */
void loop_end_of_turn(struct loop *l, struct loop_task *t);
/* Run t in a millisecond or two; a second call before it ran changes nothing.  A timer's ticks are
 * eight. */
void loop_soon(struct loop *l, struct loop_task *t);
void loop_task_cancel(struct loop_task *t);

/* Call drop(object) at the end of this turn. */
void loop_defer_free(struct loop *l, void *object, void (*drop)(void *object));

/* What is held on this loop because of peers, its streams among it. */
struct budget *loop_budget(struct loop *l);
/* Run t at the end of each turn that begins with the budget spent; NULL: nothing. */
void loop_when_spent(struct loop *l, struct loop_task *t);

/* Streams that this loop's listeners accepted, from then to the closing of the descriptor, on
 * whatever loop that is, and under way too: what counts against maxConnections.  Any thread. */
size_t loop_accepted_count(const struct loop *l);

/* Count a beat every so many milliseconds, unless a callback hangs.  Call before the loop runs; a
 * second call replaces the first. */
void loop_beat(struct loop *l, uint64_t every_ms);
/* The beats so far.  Any thread. */
uint64_t loop_beats(const struct loop *l);

#endif
