/* SPDX-License-Identifier: MIT */
/*
 * turn: a start waits until the place is its own, or learns that it will not be.
 *
 * A deploy is `stop &` and later `start &`.  Several of them run at once, and nothing is known of
 * when each of their processes gets to run, so nothing relies on that; what counts is when a
 * process was born (process.h), which the kernel says of each.
 *
 * The parties:
 *   holder  has the lock beside its configuration and the name under its port, both or none, and is
 *           found by either.  There is one at most, for the kernel gives each only once.
 *   start   was born and holds nothing yet; no other process can see it.
 *   stop    leaves a mark under the port, then ends every holder that is older than itself.
 *   mark    what remains of a stop until a later start takes it away (stop_marks.h).
 *
 * What a start does, again and again until one of these applies:
 *   a mark is younger than it       --> it ends: that stop meant it, or what it would be
 *   the holder is younger than it   --> it ends: a later start serves already
 *   a mark is older, not yet taken  --> it takes that: from now on it may end holders itself
 *   the holder is older             --> it ends the holder if it may; else it waits, and refuses
 *                                       after shutdownTimeout and 5 s
 *   there is no holder              --> it becomes one, looks at the marks once more, and serves
 *
 * Why the newest start wins.  Let T be the youngest start, and S its script's stop, older than T.
 *   - Nothing ends T: no mark and no holder is younger than T, and a stop that is older than T ends
 *     no holder that is younger than itself.
 *   - T is not refused: if S has left its mark, T takes a mark (each start takes one, and each
 *     deploy leaves one, before any start of its script), and ends any holder in the way, with
 *     SIGKILL at last.  If S has not come that far, S will, while T waits, and each look at the
 * place is a look at the marks.
 *   - No older start U takes the place from T: while T holds, U finds a younger holder.
 *   - No older start U is left over.  If U becomes a holder before T does, T ends it as above.
 * Why a stop is the end of what is older, although it cannot see it.  S writes its mark before it
 * looks for a holder; U becomes a holder before it looks at the marks.  Whichever is second sees
 * the first: S ends U, or U ends itself.  A mark is only ever taken by a younger start, so anyone
 * who comes late finds the mark, or a younger holder, or the mark of the stop that ended that.
 *
 * A start that ends in favour of another has exit code 0, as if it had served and been stopped.
 */
#ifndef INSTANCE_TURN_H
#define INSTANCE_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "instance/process.h"
#include "instance/running.h"

struct config;

struct turn {
    const struct config *config;
    struct running_place place;
    struct process_birth self;
    bool has_mark;
    bool may_end;  /* has taken a mark, or --force; not denied since */
    bool has_said; /* that it waits */
    bool has_looked;
    uint64_t deadline_ms;
    uint64_t blind_since_ms; /* 0, or: the place is taken, but no server is found there */
};

/* Also holds SIGTERM and SIGINT back and ignores SIGHUP: they end the waiting, or reach the server
 * once it can obey them. */
void turn_init(
    struct turn *t, const struct config *c, const struct running_place *place, bool may_end);

enum turn_word {
    TURN_FREE,    /* try to take the place */
    TURN_YIELDED, /* said to whom */
    TURN_SIGNALLED,
    TURN_REFUSED, /* the holder stays: *holder */
};

/* Blocks. */
MUST_USE enum turn_word turn_wait(struct turn *t, struct running *holder);

/* The place is taken and must be given back: a stop has left its mark meanwhile. */
MUST_USE bool turn_is_forbidden(const struct turn *t);

/* The place could not be taken, although no holder was found there; true: that has been so for long
 * enough to say that a stranger has it. */
MUST_USE bool turn_is_a_strangers(struct turn *t);

#endif
