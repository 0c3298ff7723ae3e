/* SPDX-License-Identifier: Apache-2.0
 * Einsum: out[output labels] = sum over the other labels of the product of all inputs. One walk over all labels, output labels outermost;
 * repeated labels take a diagonal, an ellipsis stands for labels of its own, counted from the right. Sums in double, in index order. */
#include "compiler/ops/op.h"
#include "compiler/ops/walk.h"

#include <string.h>

#define MOST_INPUTS (ITGC_WALK_OPERANDS - 1)

/* Labels of one operand, one per dimension. */
typedef struct term {
    int count;
    char label[ITGC_MAX_RANK]; /* letters; 1 to ITGC_MAX_RANK: dimension of the ellipsis, counted from the right */
} term;

typedef struct equation {
    int input_count;
    term input[MOST_INPUTS], output;
    int label_count; /* output's labels first */
    char label[ITGC_WALK_RANK];
    int64_t size[ITGC_WALK_RANK];
} equation;

static bool fail_equation(itgc_diag *diag, const char *why)
{
    return itgc_fail(diag, 216, "its equation %s; write it with Transpose, MatMul and ReduceSum", why);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool add_label(term *to, char label)
{
    if (to->count == ITGC_MAX_RANK)
        return false;
    to->label[to->count++] = label;
    return true;
}

/* Reads labels up to the end of a term; an ellipsis becomes `dots` labels. Returns where it stopped, NULL if it is malformed. */
static const char *read_term(const char *at, term *to, int dots)
{
    bool has_ellipsis = false;
    *to = (term){.count = 0};
    for (;; at++) {
        if (*at == ' ')
            continue;
        if (is_letter(*at)) {
            if (!add_label(to, *at))
                return NULL;
        } else if (strncmp(at, "...", 3) == 0 && !has_ellipsis) {
            has_ellipsis = true;
            at += 2;
            for (int i = dots; i > 0; i--)
                if (!add_label(to, (char)i))
                    return NULL;
        } else {
            return at;
        }
    }
}

/* How many dimensions the ellipsis of a term stands for, given the operand's rank; 0 without one. */
static int count_dots(const char *at, int rank)
{
    int letters = 0;
    bool has_ellipsis = false;
    for (; *at != '\0' && *at != ',' && *at != '-'; at++) {
        letters += is_letter(*at);
        has_ellipsis = has_ellipsis || *at == '.';
    }
    return has_ellipsis && rank > letters ? rank - letters : 0;
}

static bool occurs_once(const equation *eq, char label)
{
    int count = 0;
    for (int i = 0; i < eq->input_count; i++)
        for (int k = 0; k < eq->input[i].count; k++)
            count += eq->input[i].label[k] == label;
    return count == 1;
}

/* Without "->": the ellipsis, then the labels that occur once, in alphabetical order. */
static bool imply_output(equation *eq, int dots)
{
    eq->output = (term){.count = 0};
    for (int i = dots; i > 0; i--)
        if (!add_label(&eq->output, (char)i))
            return false;
    for (int c = 'A'; c <= 'z'; c++)
        if (is_letter((char)c) && occurs_once(eq, (char)c) && !add_label(&eq->output, (char)c))
            return false;
    return true;
}

static int find_label(const equation *eq, char label)
{
    int found = 0;
    while (found < eq->label_count && eq->label[found] != label)
        found++;
    return found;
}

static bool add_sizes(equation *eq, const term *labels, const itgc_shape *shape)
{
    for (int k = 0; k < labels->count; k++) {
        const int at = find_label(eq, labels->label[k]);
        if (at == ITGC_WALK_RANK)
            return false;
        if (at == eq->label_count) {
            eq->label[eq->label_count++] = labels->label[k];
            eq->size[at] = 1;
        }
        if (shape == NULL || shape->dim[k] == eq->size[at] || shape->dim[k] == 1)
            continue;
        if (eq->size[at] != 1)
            return false;
        eq->size[at] = shape->dim[k];
    }
    return true;
}

static bool read_inputs(const itgc_node *node, itgc_diag *diag, equation *eq, const char **at, int *dots)
{
    for (int i = 0; i < eq->input_count; i++) {
        const int rank = node->in[i]->shape.rank;
        const int own_dots = count_dots(*at, rank);
        *at = read_term(*at, &eq->input[i], own_dots);
        if (*at == NULL || eq->input[i].count != rank)
            return fail_equation(diag, "does not match its inputs' dimensions");
        *dots = own_dots > *dots ? own_dots : *dots;
        if (i + 1 < eq->input_count && *(*at)++ != ',')
            return fail_equation(diag, "has fewer terms than there are inputs");
    }
    return true;
}

static bool read_equation(const itgc_node *node, itgc_diag *diag, equation *eq)
{
    const char *at = itgc_string_attribute(node, "equation", "");
    int dots = 0;
    *eq = (equation){.input_count = node->in_count};
    if (node->in_count > MOST_INPUTS)
        return fail_equation(diag, "has more inputs than the seven supported");
    if (!read_inputs(node, diag, eq, &at, &dots))
        return false;
    if (strncmp(at, "->", 2) == 0)
        at = read_term(at + 2, &eq->output, dots);
    else if (!imply_output(eq, dots))
        at = NULL;
    if (at == NULL || *at != '\0')
        return fail_equation(diag, "cannot be read");
    bool fits = add_sizes(eq, &eq->output, NULL);
    if (eq->label_count != eq->output.count)
        return fail_equation(diag, "repeats a label of the output");
    for (int i = 0; i < eq->input_count && fits; i++)
        fits = add_sizes(eq, &eq->input[i], &node->in[i]->shape);
    return fits ? true : fail_equation(diag, "does not match its inputs' sizes");
}

static bool infer_einsum(itgc_node *node, itgc_diag *diag)
{
    equation eq;
    if (!itgc_require_type(diag, node, 0, ITGC_NUMBERS) || !itgc_require_same_type(diag, node, 1))
        return false;
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i] == NULL)
            return itgc_fail(diag, 208, "its input %d is left out but needed; export the model again", i);
    if (!read_equation(node, diag, &eq))
        return false;
    itgc_shape shape = {.rank = eq.output.count};
    for (int i = 0; i < shape.rank; i++)
        shape.dim[i] = eq.size[i];
    itgc_set_output(node, 0, node->in[0]->type, &shape);
    return true;
}

static void add_input(itgc_walk *walk, const equation *eq, const term *labels, const itgc_shape *shape)
{
    int64_t dense[ITGC_MAX_RANK];
    int64_t stride[ITGC_WALK_RANK] = {0};
    itgc_dense_strides(shape, dense);
    for (int k = 0; k < labels->count; k++)
        stride[find_label(eq, labels->label[k])] += shape->dim[k] == 1 ? 0 : dense[k];
    itgc_add_strided(walk, stride, 0);
}

/* Operand 0 is the output, the inputs follow. */
static void plan_einsum(const itgc_eval *eval, const equation *eq, itgc_walk *walk)
{
    int64_t dense[ITGC_MAX_RANK];
    int64_t stride[ITGC_WALK_RANK] = {0};
    itgc_init_walk(walk, eq->label_count, eq->size);
    itgc_dense_strides(&eval->out[0]->shape, dense);
    for (int i = 0; i < eq->output.count; i++)
        stride[i] = dense[i];
    itgc_add_strided(walk, stride, 0);
    for (int i = 0; i < eq->input_count; i++)
        add_input(walk, eq, &eq->input[i], &eval->in[i]->shape);
}

static void add_float_products(double *sums, const itgc_eval *eval, const itgc_walk *walk)
{
    const int last = walk->rank - 1, inputs = walk->operand_count - 1;
    for (int64_t i = 0; i < walk->dim[last]; i++) {
        double product = (double)eval->in[0]->f[walk->offset[1] + i * walk->stride[1][last]];
        for (int k = 1; k < inputs; k++)
            product *= (double)eval->in[k]->f[walk->offset[k + 1] + i * walk->stride[k + 1][last]];
        sums[walk->offset[0] + i * walk->stride[0][last]] += product;
    }
}

static void add_integer_products(uint64_t *sums, const itgc_eval *eval, const itgc_walk *walk)
{
    const int last = walk->rank - 1, inputs = walk->operand_count - 1;
    for (int64_t i = 0; i < walk->dim[last]; i++) {
        uint64_t product = 1;
        for (int k = 0; k < inputs; k++)
            product *= (uint64_t)eval->in[k]->i[walk->offset[k + 1] + i * walk->stride[k + 1][last]];
        sums[walk->offset[0] + i * walk->stride[0][last]] += product;
    }
}

static bool eval_einsum(const itgc_eval *eval)
{
    itgc_value *const out = eval->out[0];
    const int64_t count = itgc_elements(&out->shape);
    const bool is_float = itgc_is_float(out->type);
    double *const sums = ITGC_NEW_ARRAY(eval->scratch, double, is_float ? count : 0);
    uint64_t *const wholes = ITGC_NEW_ARRAY(eval->scratch, uint64_t, is_float ? 0 : count);
    equation eq;
    itgc_walk walk;
    if (!read_equation(eval->node, eval->diag, &eq))
        return false;
    plan_einsum(eval, &eq, &walk);
    for (bool more = itgc_first_row(&walk); more; more = itgc_next_row(&walk)) {
        if (is_float)
            add_float_products(sums, eval, &walk);
        else
            add_integer_products(wholes, eval, &walk);
    }
    for (int64_t i = 0; i < count; i++) {
        if (is_float)
            out->f[i] = (float)sums[i];
        else
            out->i[i] = itgc_wrap(out->type, (int64_t)wholes[i]);
    }
    return true;
}

const itgc_op itgc_op_einsum = {
    .family = "einsum", .attributes = "equation", .min_inputs = 1, .max_inputs = -1, .max_outputs = 1, .infer = infer_einsum, .eval = eval_einsum};
