/* SPDX-License-Identifier: Apache-2.0
 * intaglio diff: the numbers of two reports, evals or benches side by side, paths that differ only.
 * Called by tools/intaglio.c. Walks both documents with an explicit stack: depth is the files'. */
#include "tools/cli/commands.h"
#include "tools/cli/evaluation.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

typedef struct pair {
    const cJSON *a, *b; /* NULL: absent on that side */
    const char *path;
} pair;

typedef struct pair_stack {
    pair **items;
    int count, capacity;
} pair_stack;

static void print_value(const cJSON *item)
{
    if (!item)
        printf(" %20s", "-");
    else if (cJSON_IsNumber(item))
        printf(" %20.10g", item->valuedouble);
    else
        printf(" %20.20s", cJSON_IsString(item) ? item->valuestring
                           : cJSON_IsNull(item) ? "null"
                           : cJSON_IsBool(item) ? (cJSON_IsTrue(item) ? "true" : "false")
                                                : "...");
}

static void push(cli_session *session, pair_stack *stack, const cJSON *a, const cJSON *b, const char *path)
{
    pair *item = ITGC_NEW(session->c->arena, pair);
    *item = (pair){a, b, path};
    itgc_push(session->c->arena, (void ***)&stack->items, &stack->count, &stack->capacity, item);
}

static const cJSON *member(const cJSON *root, const cJSON *like, int index)
{
    return like->string ? cJSON_GetObjectItemCaseSensitive(root, like->string) : cJSON_GetArrayItem(root, index);
}

/* Children last to first, so that they come off the stack in order; then what only b has. */
static void push_children(cli_session *session, pair_stack *stack, const pair *item)
{
    const cJSON *sides[2] = {item->b, item->a};
    for (int s = 0; s < 2; s++) {
        const int size = cJSON_GetArraySize(sides[s]);
        const cJSON **children = ITGC_NEW_ARRAY(session->c->arena, const cJSON *, size + 1);
        int at = 0;
        for (const cJSON *child = sides[s] ? sides[s]->child : NULL; child; child = child->next)
            children[at++] = child;
        while (at-- > 0) {
            const cJSON *other = member(sides[1 - s], children[at], at);
            if (s == 0 && other)
                continue;
            const char *path = children[at]->string
                                   ? itgc_sprint(session->c->arena, "%s%s%s", item->path, *item->path ? "." : "", children[at]->string)
                                   : itgc_sprint(session->c->arena, "%s[%d]", item->path, at);
            push(session, stack, s ? children[at] : other, s ? other : children[at], path);
        }
    }
}

static bool is_tree(const cJSON *item)
{
    return cJSON_IsObject(item) || cJSON_IsArray(item);
}

static void print_line(const pair *item)
{
    if (strncmp(item->path, "predictions", strlen("predictions")) == 0)
        return; /* one number a sample: `eval --compare` says what they mean */
    printf("%-44.44s", item->path);
    print_value(item->a);
    print_value(item->b);
    if (cJSON_IsNumber(item->a) && cJSON_IsNumber(item->b)) {
        const double change = item->b->valuedouble - item->a->valuedouble;
        printf(" %+14.6g", change);
        if (item->a->valuedouble > 0.0)
            printf(" %+8.2f %%", 100.0 * change / item->a->valuedouble);
    }
    printf("\n");
}

static bool run_diff(cli_session *session)
{
    const cli_list *files = &session->options->arguments;
    cJSON *a = cli_read_json(session, files->item[0]), *b = a ? cli_read_json(session, files->item[1]) : NULL;
    pair_stack stack = {NULL, 0, 0};
    int differences = 0;
    if (b) {
        printf("%-44s %20.20s %20.20s\n", "", "A", "B");
        push(session, &stack, a, b, "");
    }
    while (b && stack.count > 0) {
        const pair *item = stack.items[--stack.count];
        if (is_tree(item->a) && is_tree(item->b))
            push_children(session, &stack, item);
        else if (!item->a || !item->b || !cJSON_Compare(item->a, item->b, true)) {
            print_line(item);
            differences++;
        }
    }
    if (b)
        printf("%d difference%s\n", differences, differences == 1 ? "" : "s");
    cJSON_Delete(a);
    cJSON_Delete(b);
    return b != NULL;
}

int cli_diff(const cli_options *options)
{
    return cli_run_session(options, run_diff);
}
