/* SPDX-License-Identifier: MIT */
/*
 * syscalls: the table and its page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "syscalls.h"

/* ctest runs this in the source's folder. */
static void
read_page(struct buffer *page)
{
    FILE *file = fopen("docs/security.md", "r");

    assert_non_null(file);
    page->len = fread(buffer_reserve(page, 1 << 20), 1, 1 << 20, file);
    fclose(file);
}

static void
the_page_shows_the_table(void **state)
{
    struct buffer page = { 0 }, row = { 0 };
    bool whole = true;

    (void)state;
    read_page(&page);
    for (const struct syscalls_group *g = syscalls_groups(); g->purpose; g++) {
        buffer_clear(&row);
        buffer_printf(&row, "| %s |", g->purpose);
        for (const struct syscalls_call *c = g->calls; c->name; c++)
            buffer_printf(&row, " `%s`", c->name);
        buffer_printf(&row, " | %s | %s |\n", syscalls_rule_text(g->rule[SYSCALLS_MAIN]),
            syscalls_rule_text(g->rule[SYSCALLS_WORKER]));
        if (memmem(page.data, page.len, row.data, row.len))
            continue;
        whole = false;
        printf("%.*s", STR_ARG(buffer_str(&row)));
    }
    if (!whole)
        fail_msg("docs/security.md does not have the rows above");
    buffer_fini(&row);
    buffer_fini(&page);
}

static void
no_call_has_two_rows(void **state)
{
    bool seen[SYSCALLS_MAX] = { false };

    (void)state;
    for (const struct syscalls_group *g = syscalls_groups(); g->purpose; g++)
        for (const struct syscalls_call *c = g->calls; c->name; c++) {
            assert_in_range(c->number, 0, SYSCALLS_NEWEST);
            assert_false(seen[c->number]);
            seen[c->number] = true;
            assert_string_equal(syscalls_name(c->number), c->name);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_shows_the_table),
        cmocka_unit_test(no_call_has_two_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
