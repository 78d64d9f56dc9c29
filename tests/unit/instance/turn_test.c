/* SPDX-License-Identifier: MIT */
/*
 * turn: which of those that are about at once gets the place.  Holders, starts and stops are
 * processes, because all that counts is when each was born.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "instance/lock_file.h"
#include "instance/stop_marks.h"
#include "instance/turn.h"
#include "marks.h"

enum { LONG_MS = 20000, SHORT_MS = 50, BLIND_MS = 2000 };

static char dir[32], lock_path[64];
static struct config *config;
static struct running_place place;

/* A place of its own: a lock file, and a port above what TCP knows, which is only a name. */
static int
make_place(void **state)
{
    static unsigned next;

    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    snprintf(dir, sizeof(dir), "/tmp/echo-turn-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(lock_path, sizeof(lock_path), "%s/test.lock", dir);
    place = (struct running_place){
        .lock_path = lock_path,
        .port = 100000 + ((unsigned)getpid() % 10000) * 10 + next++ % 10,
    };
    config = config_load(&(struct config_request){ .lenient = true });
    return 0;
}

static int
remove_place(void **state)
{
    (void)state;
    marks_count(place.port, true);
    unlink(lock_path);
    config_free(config);
    return rmdir(dir);
}

/* ---- who takes part ---- */

/* A child that does what it is told: each byte that is written to it is answered with one. */
struct player {
    pid_t pid;
    int to, from;
};

static struct player
player_begin(int (*play)(char order))
{
    struct player p;
    int to[2], from[2];

    assert_int_equal(pipe(to), 0);
    assert_int_equal(pipe(from), 0);
    p = (struct player){ fork(), to[1], from[0] };
    if (p.pid == 0) {
        char order;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (read(to[0], &order, 1) == 1) {
            char answer = (char)play(order);

            if (write(from[1], &answer, 1) != 1)
                break;
        }
        _exit(0);
    }
    close(to[0]);
    close(from[1]);
    return p;
}

static void
player_tell(const struct player *p, char order)
{
    assert_int_equal(write(p->to, &order, 1), 1);
}

static int
player_hear(const struct player *p)
{
    char answer;

    assert_int_equal(read(p->from, &answer, 1), 1);
    return answer;
}

static int
player_ask(const struct player *p, char order)
{
    player_tell(p, order);
    return player_hear(p);
}

/* The signal that had ended it before, or SIGKILL. */
static int
player_end(struct player *p)
{
    int status = 0;

    if (waitpid(p->pid, &status, WNOHANG) == 0) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, &status, 0);
    }
    close(p->to);
    close(p->from);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static int
play_holder(char order)
{
    struct buffer error = { 0 };
    struct lock_file *lock;

    (void)order;
    return (int)lock_file_take(lock_path, &lock, &error);
}

static struct player
holder_begin(void)
{
    struct player p = player_begin(play_holder);

    assert_int_equal(player_ask(&p, 't'), LOCK_FILE_TAKEN);
    return p;
}

/* i: begin, f: begin with --force, s: be out of patience soon; w: wait; l: look once more. */
static int
play_start(char order)
{
    static struct turn t;
    struct running holder;

    switch (order) {
    case 'w':
        return (int)turn_wait(&t, &holder);
    case 'l':
        return turn_is_forbidden(&t);
    case 's':
        t.deadline_ms = clock_ms() + SHORT_MS;
        return 0;
    default:
        turn_init(&t, config, &place, order == 'f');
        t.deadline_ms = clock_ms() + LONG_MS;
        return 0;
    }
}

static struct player
start_begin(char order)
{
    struct player p = player_begin(play_start);

    (void)player_ask(&p, order);
    return p;
}

static int
play_stop(char order)
{
    (void)order;
    stop_marks_leave(place.host, place.port);
    return 0;
}

/* One that comes, leaves its mark, and goes. */
static void
stop(void)
{
    struct player p = player_begin(play_stop);

    (void)player_ask(&p, 's');
    (void)player_end(&p);
}

/* ---- who gets the place ---- */

static void
an_empty_place_is_free(void **state)
{
    struct player start = start_begin('i');

    (void)state;
    assert_int_equal(player_ask(&start, 'w'), TURN_FREE);
    assert_false(player_ask(&start, 'l'));
    player_end(&start);
}

static void
a_younger_holder_stays(void **state)
{
    struct player start = start_begin('f'), holder = holder_begin();

    (void)state;
    assert_int_equal(player_ask(&start, 'w'), TURN_YIELDED);
    assert_int_equal(player_end(&holder), SIGKILL);
    player_end(&start);
}

static void
an_older_holder_stays_unless_the_start_may_end_it(void **state)
{
    struct player holder = holder_begin(), start = start_begin('i'), forced;

    (void)state;
    (void)player_ask(&start, 's');
    assert_int_equal(player_ask(&start, 'w'), TURN_REFUSED);
    forced = start_begin('f');
    assert_int_equal(player_ask(&forced, 'w'), TURN_FREE);
    assert_int_equal(player_end(&holder), SIGTERM);
    player_end(&forced);
    player_end(&start);
}

static void
a_place_that_becomes_empty_is_free(void **state)
{
    struct player holder = holder_begin(), start = start_begin('i');

    (void)state;
    player_tell(&start, 'w');
    player_end(&holder);
    assert_int_equal(player_hear(&start), TURN_FREE);
    player_end(&start);
}

static void
an_older_mark_is_the_right_to_end_the_holder(void **state)
{
    struct player holder = holder_begin(), start, second;

    (void)state;
    stop();
    start = start_begin('i');
    (void)player_ask(&start, 's');
    assert_int_equal(player_ask(&start, 'w'), TURN_FREE);
    assert_int_equal(player_end(&holder), SIGTERM);
    /* That mark is used up: the next start has to wait. */
    holder = holder_begin();
    second = start_begin('i');
    (void)player_ask(&second, 's');
    assert_int_equal(player_ask(&second, 'w'), TURN_REFUSED);
    player_end(&holder);
    player_end(&second);
    player_end(&start);
}

static void
a_younger_mark_ends_the_start_even_at_an_empty_place(void **state)
{
    struct player start = start_begin('f');

    (void)state;
    assert_int_equal(player_ask(&start, 'w'), TURN_FREE);
    stop();
    assert_true(player_ask(&start, 'l'));
    assert_int_equal(player_ask(&start, 'w'), TURN_YIELDED);
    player_end(&start);
}

static void
a_mark_that_comes_while_a_start_waits_ends_it(void **state)
{
    struct player holder = holder_begin(), start = start_begin('i');

    (void)state;
    player_tell(&start, 'w');
    stop();
    assert_int_equal(player_hear(&start), TURN_YIELDED);
    assert_int_equal(player_end(&holder), SIGKILL);
    player_end(&start);
}

static void
a_signal_ends_the_waiting(void **state)
{
    struct player holder = holder_begin(), start = start_begin('i');

    (void)state;
    kill(start.pid, SIGHUP); /* ignored: nothing is there to reload */
    kill(start.pid, SIGTERM);
    assert_int_equal(player_ask(&start, 'w'), TURN_SIGNALLED);
    assert_int_equal(player_end(&holder), SIGKILL);
    player_end(&start);
}

static void
a_stranger_is_one_that_is_not_found_for_long(void **state)
{
    struct turn t = { .config = config, .place = place };
    struct player holder;

    (void)state;
    assert_false(turn_is_a_strangers(&t));
    t.blind_since_ms -= BLIND_MS;
    assert_true(turn_is_a_strangers(&t));
    holder = holder_begin();
    assert_false(turn_is_a_strangers(&t));
    player_end(&holder);
    assert_false(turn_is_a_strangers(&t));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_place_is_free),
        TEST(a_younger_holder_stays),
        TEST(an_older_holder_stays_unless_the_start_may_end_it),
        TEST(a_place_that_becomes_empty_is_free),
        TEST(an_older_mark_is_the_right_to_end_the_holder),
        TEST(a_younger_mark_ends_the_start_even_at_an_empty_place),
        TEST(a_mark_that_comes_while_a_start_waits_ends_it),
        TEST(a_signal_ends_the_waiting),
        TEST(a_stranger_is_one_that_is_not_found_for_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
