/* SPDX-License-Identifier: Apache-2.0
 * expand_einsum: products of matrices in every order of labels; what is none stays. */
#include "tests/unit/lower/lowering.h"

static itgc_tensor *add_einsum(fixture *f, const char *equation, itgc_tensor *a, itgc_tensor *b)
{
    itgc_node *node = add_node(f, "Einsum", a, b, NULL);
    itgc_attribute *attribute = ITGC_NEW(f->arena, itgc_attribute);
    const char **text = ITGC_NEW(f->arena, const char *);
    *text = equation;
    *attribute = (itgc_attribute){.name = "equation", .kind = ITGC_ATTR_STRING, .count = 1, .strings = text};
    node->attributes = attribute;
    node->attribute_count = 1;
    return finish(f, node);
}

static void expands_products(void **state)
{
    fixture *f = *state;
    itgc_tensor *q = add_input(f, "q", DIMS(2, 3, 4, 5)), *k = add_input(f, "k", DIMS(2, 3, 6, 5)), *m = add_input(f, "m", DIMS(5, 7));
    add_output(f, add_einsum(f, "bhid,bhjd->bhij", q, k));
    add_output(f, add_einsum(f, "b h i d, b h j d -> j i b h", q, k));
    add_output(f, add_einsum(f, "bhid,bhjd->ij", q, k)); /* heads and batches are summed too */
    add_output(f, add_einsum(f, "bhid,dk->bkhi", q, m));
    add_output(f, add_einsum(f, "bhid,bhje->hidbje", q, k));
    assert_int_equal(count_nodes(run_and_compare(f, "expand_einsum"), "Einsum"), 0);
    assert_int_equal(count_nodes(run_and_compare(f, NULL), "Einsum"), 0);
}

static void leaves_others(void **state)
{
    fixture *f = *state;
    itgc_tensor *q = add_input(f, "q", DIMS(2, 3, 4, 5)), *k = add_input(f, "k", DIMS(2, 1, 6, 5)), *square = add_input(f, "s", DIMS(4, 4));
    add_output(f, add_einsum(f, "bhid,bhjd->bhij", q, k)); /* one head for all */
    add_output(f, add_einsum(f, "...d,...d->...", q, q));
    add_output(f, add_einsum(f, "bhid,ii->bhd", q, square));
    add_output(f, add_einsum(f, "bhid,jd->bhi", q, add_weights(f, DIMS(6, 5), -1, 1))); /* j is summed alone */
    assert_int_equal(count_nodes(run_and_compare(f, "expand_einsum"), "Einsum"), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(expands_products, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_others, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
