/* SPDX-License-Identifier: MIT */
/*
 * list: intrusive, circular, with a head.
 */
#include "base/list.h"

#include "text.h"

struct item {
    char name;
    struct list node;
};

/* The names from first to last. */
static const char *
names(struct list *head)
{
    static char text[16];
    size_t len = 0;

    LIST_EACH(node, head)
        text[len++] = LIST_ENTRY(node, struct item, node)->name;
    text[len] = '\0';
    return text;
}

static void
fill(struct list *head, struct item *items, size_t count, char first)
{
    list_init(head);
    for (size_t i = 0; i < count; i++) {
        items[i].name = (char)(first + (char)i);
        list_append(head, &items[i].node);
    }
}

static void
order_is_that_of_insertion(void **state)
{
    struct item items[3], front = { .name = 'x' };
    struct list head;

    (void)state;
    fill(&head, items, 3, 'a');
    list_prepend(&head, &front.node);
    assert_string_equal(names(&head), "xabc");
}

static void
removing_twice_is_harmless(void **state)
{
    struct item items[2];
    struct list head;

    (void)state;
    fill(&head, items, 2, 'a');
    list_remove(&items[0].node);
    list_remove(&items[0].node);
    assert_string_equal(names(&head), "b");
    assert_true(list_empty(&items[0].node));
    list_remove(&items[1].node);
    assert_true(list_empty(&head));
}

static void
splice_moves_all_and_leaves_an_empty_list(void **state)
{
    struct item a[2], b[2];
    struct list to, from;

    (void)state;
    fill(&to, a, 2, 'a');
    fill(&from, b, 2, 'x');
    list_splice(&to, &from);
    assert_string_equal(names(&to), "abxy");
    assert_true(list_empty(&from));
    list_splice(&to, &from);
    assert_string_equal(names(&to), "abxy");
}

static void
walk_may_remove_the_current_node(void **state)
{
    struct item items[4];
    struct list head;

    (void)state;
    fill(&head, items, 4, 'a');
    LIST_EACH(node, &head) {
        if (LIST_ENTRY(node, struct item, node)->name % 2)
            list_remove(node);
    }
    assert_string_equal(names(&head), "bd");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_that_of_insertion),
        cmocka_unit_test(removing_twice_is_harmless),
        cmocka_unit_test(splice_moves_all_and_leaves_an_empty_list),
        cmocka_unit_test(walk_may_remove_the_current_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
