/* SPDX-License-Identifier: MIT */
/*
 * file_watch: renames, links and folders that come and go are told; rest is not.
 */
#include "net/file_watch.h"

#include <stdio.h>
#include <sys/stat.h>

#include "peer.h"

/* A folder, a loop and what was told. */
struct scene {
    struct loop *l;
    struct file_watch *w;
    char dir[32];
    unsigned changes;
};

static struct scene scene;

/* A path in the folder; good for the next four calls. */
static const char *
at(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *out = paths[next++ % 4];

    snprintf(out, sizeof(paths[0]), "%s/%s", scene.dir, name);
    return out;
}

static void
write_text(const char *name)
{
    FILE *file = fopen(at(name), "w");

    assert_non_null(file);
    fputs("x", file);
    fclose(file);
}

static void
on_change(void *owner)
{
    (void)owner;
    scene.changes++;
}

static void
begin(const char *watched, const struct file_watch_options *o)
{
    const char *paths[] = { NULL, at(watched) };

    scene.l = loop_new();
    scene.w = file_watch_open(scene.l, o, on_change, NULL);
    file_watch_set(scene.w, paths, COUNT_OF(paths));
    loop_turn(scene.l);
    scene.changes = 0;
}

static void
told(void)
{
    TURN_UNTIL(scene.l, scene.changes > 0);
    scene.changes = 0;
}

static void
end(void)
{
    file_watch_close(scene.w);
    loop_stop(scene.l);
    loop_run(scene.l);
    loop_free(scene.l);
}

static const struct file_watch_options quick = { .settle_ms = 5, .period_ms = 3600000 };

static int
set_up(void **state)
{
    (void)state;
    scene = (struct scene){ .dir = "/tmp/echo-watch-XXXXXX" };
    return mkdtemp(scene.dir) ? 0 : 1;
}

static int
tear_down(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", scene.dir);
    return system(command);
}

static void
a_file_that_is_renamed_into_place_is_told(void **state)
{
    (void)state;
    write_text("cert.pem");
    begin("cert.pem", &quick);
    write_text("new");
    told();
    assert_int_equal(rename(at("new"), at("cert.pem")), 0);
    told();
    assert_int_equal(unlink(at("cert.pem")), 0);
    told();
    write_text("cert.pem");
    told();
    end();
}

static void
the_target_of_a_link_is_watched_too(void **state)
{
    (void)state;
    mkdir(at("archive"), 0700);
    mkdir(at("live"), 0700);
    write_text("archive/cert1.pem");
    assert_int_equal(symlink("../archive/cert1.pem", at("live/cert.pem")), 0);
    begin("live/cert.pem", &quick);
    write_text("archive/cert1.pem");
    told();
    unlink(at("live/cert.pem"));
    assert_int_equal(symlink("../archive/cert2.pem", at("live/cert.pem")), 0);
    told();
    write_text("archive/cert2.pem");
    end();
}

static void
a_folder_that_a_link_leads_to_may_be_exchanged(void **state)
{
    (void)state;
    mkdir(at("one"), 0700);
    mkdir(at("two"), 0700);
    write_text("one/cert.pem");
    write_text("two/cert.pem");
    assert_int_equal(symlink("one", at("current")), 0);
    begin("current/cert.pem", &quick);
    assert_int_equal(symlink("two", at("next")), 0);
    assert_int_equal(rename(at("next"), at("current")), 0);
    told();
    write_text("two/cert.pem");
    told();
    end();
}

static void
a_folder_that_is_made_anew_is_watched_again(void **state)
{
    (void)state;
    mkdir(at("live"), 0700);
    mkdir(at("live/site"), 0700);
    begin("live/*/cert.pem", &quick);
    for (int i = 0; i < 3; i++) {
        write_text("live/site/cert.pem");
        told();
        unlink(at("live/site/cert.pem"));
        rmdir(at("live/site"));
        told();
        mkdir(at("live/site"), 0700);
        told();
    }
    end();
}

static void
a_pattern_finds_new_folders(void **state)
{
    (void)state;
    begin("*/server.crt", &quick);
    mkdir(at("1001"), 0700);
    told();
    write_text("1001/server.crt");
    told();
    end();
}

static void
without_a_change_it_is_told_once_in_a_while(void **state)
{
    const struct file_watch_options often = { .settle_ms = 5, .period_ms = 20 };

    (void)state;
    begin("missing/folder/cert.pem", &often);
    told();
    told();
    end();
}

static void
many_changes_are_told_together(void **state)
{
    const struct file_watch_options slow = { .settle_ms = 50, .period_ms = 3600000 };

    (void)state;
    begin("cert.pem", &slow);
    for (int i = 0; i < 50; i++)
        write_text("cert.pem");
    TURN_UNTIL(scene.l, scene.changes > 0);
    assert_in_range(scene.changes, 1, 2);
    end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_file_that_is_renamed_into_place_is_told),
        TEST(the_target_of_a_link_is_watched_too),
        TEST(a_folder_that_a_link_leads_to_may_be_exchanged),
        TEST(a_folder_that_is_made_anew_is_watched_again),
        TEST(a_pattern_finds_new_folders),
        TEST(without_a_change_it_is_told_once_in_a_while),
        TEST(many_changes_are_told_together),
    };

    alarm(60);
    return cmocka_run_group_tests_name("net/file_watch", tests, NULL, NULL);
}
