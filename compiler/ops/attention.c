/* SPDX-License-Identifier: Apache-2.0
 * Attention (opset 23 to 25) in float: heads packed ([batch,seq,heads*size]) or apart ([batch,heads,seq,size]), grouped queries, masks,
 * causal and sliding windows, soft cap, a cache given as past or as lengths. A row that sees no key gives zeros. */
#include "compiler/base/real.h"
#include "compiler/ops/attention.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>
#include <math.h>

static bool parse_attention(itgc_node *node, itgc_diag *diag)
{
    itgc_attention_params *const params = node->params;
    params->scale = (double)itgc_float_attribute(node, "scale", NAN);
    params->softcap = (double)itgc_float_attribute(node, "softcap", 0.0f);
    params->q_heads = itgc_int_attribute(node, "q_num_heads", 0);
    params->kv_heads = itgc_int_attribute(node, "kv_num_heads", 0);
    params->left = itgc_int_attribute(node, "left_window_size", -1);
    params->right = itgc_int_attribute(node, "right_window_size", -1);
    params->mode = itgc_int_attribute(node, "qk_matmul_output_mode", 0);
    params->is_causal = itgc_int_attribute(node, "is_causal", 0) != 0;
    if (params->mode < 0 || params->mode > 3)
        return itgc_fail(diag, 216, "attribute \"qk_matmul_output_mode\" is %" PRId64 ", not 0 to 3; export the model again", params->mode);
    return true;
}

/* packed_heads: of the three-dimensional form, 0 if not given. False if the shape does not fit. */
static bool view_heads(const itgc_shape *shape, int64_t packed_heads, itgc_heads *view)
{
    const int64_t *const d = shape->dim;
    if (shape->rank == 4) {
        *view = (itgc_heads){d[0], d[1], d[2], d[3], itgc_inner_count(shape, 0), itgc_inner_count(shape, 1), d[3]};
        return true;
    }
    if (shape->rank != 3 || packed_heads < 1 || d[2] % packed_heads != 0)
        return false;
    *view = (itgc_heads){d[0], packed_heads, d[1], d[2] / packed_heads, itgc_inner_count(shape, 0), d[2] / packed_heads, d[2]};
    return true;
}

static bool view_inputs(const itgc_node *node, itgc_attention_geometry *g)
{
    const itgc_attention_params *const params = node->params;
    const itgc_tensor *const past_key = itgc_input_of(node, ITGC_ATTENTION_PAST_KEY), *const past_value =
                                                                                          itgc_input_of(node, ITGC_ATTENTION_PAST_VALUE);
    if (!view_heads(&node->in[ITGC_ATTENTION_Q]->shape, params->q_heads, &g->q) ||
        !view_heads(&node->in[ITGC_ATTENTION_K]->shape, params->kv_heads, &g->k) ||
        !view_heads(&node->in[ITGC_ATTENTION_V]->shape, params->kv_heads, &g->v) || (past_key == NULL) != (past_value == NULL))
        return false;
    if (past_key != NULL && (past_key->shape.rank != 4 || past_value->shape.rank != 4))
        return false;
    g->past = past_key == NULL ? 0 : past_key->shape.dim[2];
    g->total = g->past + g->k.length;
    if (past_key != NULL) {
        const itgc_shape key = {4, {g->k.batch, g->k.count, g->past, g->k.size}}, value = {4, {g->k.batch, g->k.count, g->past, g->v.size}};
        if (!itgc_same_shape(&past_key->shape, &key) || !itgc_same_shape(&past_value->shape, &value))
            return false;
    }
    return g->q.batch == g->k.batch && g->k.batch == g->v.batch && g->k.count == g->v.count && g->k.length == g->v.length && g->q.size == g->k.size &&
           g->k.count > 0 && g->q.count % g->k.count == 0;
}

/* The mask is broadcast to [batch,heads,queries,total] but may be shorter along the keys. */
static bool fits_mask(const itgc_attention_geometry *g, const itgc_tensor *mask)
{
    const int64_t full[4] = {g->q.batch, g->q.count, g->q.length, g->total};
    if (mask == NULL)
        return true;
    const int rank = mask->shape.rank;
    if (rank < 1 || rank > 4 || mask->shape.dim[rank - 1] > g->total)
        return false;
    for (int i = 0; i < rank - 1; i++)
        if (mask->shape.dim[i] != 1 && mask->shape.dim[i] != full[4 - rank + i])
            return false;
    return true;
}

static bool infer_attention(itgc_node *node, itgc_diag *diag)
{
    itgc_attention_geometry g;
    for (int i = 0; i < node->in_count; i++) {
        const int set = i == ITGC_ATTENTION_LENGTHS ? ITGC_INTEGERS : i == ITGC_ATTENTION_MASK ? ITGC_FLOATS | ITGC_BOOLS : ITGC_FLOATS;
        if (!itgc_require_type(diag, node, i, (itgc_type_set)set))
            return false;
    }
    const itgc_tensor *const lengths = itgc_input_of(node, ITGC_ATTENTION_LENGTHS);
    if (!view_inputs(node, &g) || !fits_mask(&g, itgc_input_of(node, ITGC_ATTENTION_MASK)) ||
        (lengths != NULL && itgc_elements(&lengths->shape) != g.q.batch))
        return itgc_fail(diag, 212, "queries %s, keys %s, values %s, mask or cache do not fit together; check the input shapes",
                         itgc_shape_text(diag->arena, &node->in[ITGC_ATTENTION_Q]->shape),
                         itgc_shape_text(diag->arena, &node->in[ITGC_ATTENTION_K]->shape),
                         itgc_shape_text(diag->arena, &node->in[ITGC_ATTENTION_V]->shape));
    itgc_shape y = {4, {g.q.batch, g.q.count, g.q.length, g.v.size}};
    if (node->in[ITGC_ATTENTION_Q]->shape.rank == 3)
        y = (itgc_shape){3, {g.q.batch, g.q.length, g.q.count * g.v.size}};
    itgc_set_output(node, 0, node->in[ITGC_ATTENTION_Q]->type, &y);
    itgc_set_output(node, 1, node->in[ITGC_ATTENTION_K]->type, &(itgc_shape){4, {g.k.batch, g.k.count, g.total, g.k.size}});
    itgc_set_output(node, 2, node->in[ITGC_ATTENTION_V]->type, &(itgc_shape){4, {g.k.batch, g.k.count, g.total, g.v.size}});
    itgc_set_output(node, 3, node->in[ITGC_ATTENTION_Q]->type, &(itgc_shape){4, {g.q.batch, g.q.count, g.q.length, g.total}});
    return true;
}

/* Row `position` of the past or, behind it, of the input. */
static const float *find_row(const itgc_value *past, int64_t past_length, const itgc_value *now, const itgc_heads *view, int64_t batch, int64_t head,
                             int64_t position)
{
    if (position < past_length)
        return past->f + ((batch * view->count + head) * past_length + position) * view->size;
    return now->f + batch * view->batch_stride + head * view->head_stride + (position - past_length) * view->row_stride;
}

static void join_past(const itgc_eval *eval, const itgc_attention_geometry *g, const itgc_heads *view, int past, int now, int output)
{
    if (output >= eval->node->out_count || eval->out[output] == NULL)
        return;
    float *to = eval->out[output]->f;
    for (int64_t row = 0; row < view->batch * view->count; row++)
        for (int64_t j = 0; j < g->total; j++)
            for (int64_t k = 0; k < view->size; k++)
                *to++ = find_row(itgc_operand_of(eval, past), g->past, eval->in[now], view, row / view->count, row % view->count, j)[k];
}

/* One query row. */
typedef struct query {
    const itgc_eval *eval;
    const itgc_attention_params *params;
    const itgc_attention_geometry *g;
    int64_t batch, head, row;
    double *score, *bias, *sum; /* [total], [total], [v.size] */
} query;

static double mask_at(const query *q, const itgc_value *mask, int64_t j)
{
    const int rank = mask->shape.rank;
    const int64_t at[4] = {q->batch, q->head, q->row, j};
    int64_t index = 0;
    if (j >= mask->shape.dim[rank - 1])
        return -INFINITY;
    for (int i = 0; i < rank; i++)
        index = index * mask->shape.dim[i] + (mask->shape.dim[i] == 1 ? 0 : at[4 - rank + i]);
    if (itgc_is_float(mask->type))
        return (double)mask->f[index];
    return mask->i[index] != 0 ? 0.0 : -INFINITY;
}

/* What is added to each score; false if no key may be seen. */
static bool fill_bias(const query *q)
{
    const itgc_attention_params *const p = q->params;
    const itgc_value *const mask = itgc_operand_of(q->eval, ITGC_ATTENTION_MASK), *const lengths = itgc_operand_of(q->eval, ITGC_ATTENTION_LENGTHS);
    const int64_t given = lengths == NULL ? q->g->total : lengths->i[q->batch];
    const int64_t filled = given < 0 ? 0 : given > q->g->total ? q->g->total : given;
    const int64_t before = lengths == NULL ? q->g->past : filled - q->g->q.length, position = before + q->row;
    bool sees_any = false;
    for (int64_t j = 0; j < q->g->total; j++) {
        const bool is_hidden =
            j >= filled || (p->is_causal && j > position) || (p->left >= 0 && position - j > p->left) || (p->right >= 0 && j - position > p->right);
        q->bias[j] = is_hidden ? -INFINITY : mask == NULL ? 0.0 : mask_at(q, mask, j);
        sees_any = sees_any || q->bias[j] != -INFINITY;
    }
    return sees_any;
}

static void show_scores(const query *q, int64_t mode)
{
    if (q->params->mode != mode || q->eval->node->out_count < 4 || q->eval->out[3] == NULL)
        return;
    float *const to = q->eval->out[3]->f + ((q->batch * q->g->q.count + q->head) * q->g->q.length + q->row) * q->g->total;
    for (int64_t j = 0; j < q->g->total; j++)
        to[j] = (float)(mode == 2 ? q->score[j] + q->bias[j] : q->score[j]);
}

static void fill_scores(const query *q)
{
    const itgc_attention_geometry *const g = q->g;
    const int64_t kv_head = q->head / (g->q.count / g->k.count);
    const double scale = isnan(q->params->scale) ? 1.0 / sqrt((double)g->q.size) : q->params->scale, cap = q->params->softcap;
    const float *const a = find_row(NULL, 0, q->eval->in[ITGC_ATTENTION_Q], &g->q, q->batch, q->head, q->row);
    for (int64_t j = 0; j < g->total; j++) {
        const float *const b =
            find_row(itgc_operand_of(q->eval, ITGC_ATTENTION_PAST_KEY), g->past, q->eval->in[ITGC_ATTENTION_K], &g->k, q->batch, kv_head, j);
        double sum = 0.0;
        for (int64_t k = 0; k < g->q.size; k++)
            sum += (double)a[k] * (double)b[k];
        q->score[j] = sum * scale;
    }
    show_scores(q, 0);
    for (int64_t j = 0; j < g->total && cap > 0.0; j++)
        q->score[j] = cap * itgc_tanh(q->score[j] / cap);
    show_scores(q, 1);
}

/* scores + bias → probabilities. */
static void normalize_scores(const query *q, bool sees_any)
{
    const int64_t total = q->g->total;
    double largest = -INFINITY, sum = 0.0;
    for (int64_t j = 0; j < total; j++) {
        q->score[j] = q->bias[j] == -INFINITY ? -INFINITY : q->score[j] + q->bias[j];
        largest = q->score[j] > largest ? q->score[j] : largest;
    }
    for (int64_t j = 0; j < total; j++) {
        q->score[j] = sees_any && q->score[j] != -INFINITY ? itgc_exp(q->score[j] - largest) : 0.0;
        sum += q->score[j];
    }
    for (int64_t j = 0; j < total && sum > 0.0; j++)
        q->score[j] /= sum;
}

static void sum_values(const query *q)
{
    const itgc_attention_geometry *const g = q->g;
    const int64_t kv_head = q->head / (g->q.count / g->k.count), size = g->v.size;
    for (int64_t k = 0; k < size; k++)
        q->sum[k] = 0.0;
    for (int64_t j = 0; j < g->total; j++) {
        const float *const v =
            find_row(itgc_operand_of(q->eval, ITGC_ATTENTION_PAST_VALUE), g->past, q->eval->in[ITGC_ATTENTION_V], &g->v, q->batch, kv_head, j);
        for (int64_t k = 0; k < size && q->score[j] != 0.0; k++)
            q->sum[k] += q->score[j] * (double)v[k];
    }
    const bool is_packed = q->eval->out[0]->shape.rank == 3;
    const int64_t row =
        is_packed ? (q->batch * g->q.length + q->row) * g->q.count + q->head : (q->batch * g->q.count + q->head) * g->q.length + q->row;
    for (int64_t k = 0; k < size; k++)
        q->eval->out[0]->f[row * size + k] = (float)q->sum[k];
}

static bool eval_attention(const itgc_eval *eval)
{
    itgc_attention_geometry g;
    if (!view_inputs(eval->node, &g))
        return itgc_fail(eval->diag, 900, "internal: attention shapes changed after infer; please report this");
    if (itgc_is_plain_attention(eval, &g)) {
        itgc_eval_plain_attention(eval, &g);
        return true;
    }
    query q = {.eval = eval,
               .params = eval->node->params,
               .g = &g,
               .score = ITGC_NEW_ARRAY(eval->scratch, double, g.total),
               .bias = ITGC_NEW_ARRAY(eval->scratch, double, g.total),
               .sum = ITGC_NEW_ARRAY(eval->scratch, double, g.v.size)};
    for (int64_t i = 0; i < g.q.batch * g.q.count * g.q.length; i++) {
        q.batch = i / (g.q.count * g.q.length);
        q.head = i / g.q.length % g.q.count;
        q.row = i % g.q.length;
        const bool sees_any = fill_bias(&q);
        fill_scores(&q);
        show_scores(&q, 2);
        normalize_scores(&q, sees_any);
        show_scores(&q, 3);
        if (eval->out[0] != NULL)
            sum_values(&q);
    }
    join_past(eval, &g, &g.k, ITGC_ATTENTION_PAST_KEY, ITGC_ATTENTION_K, 1);
    join_past(eval, &g, &g.v, ITGC_ATTENTION_PAST_VALUE, ITGC_ATTENTION_V, 2);
    return true;
}

const itgc_op itgc_op_attention = {.family = "attention",
                                   .attributes = "is_causal kv_num_heads left_window_size q_num_heads qk_matmul_output_mode right_window_size scale "
                                                 "softcap softmax_precision",
                                   .min_inputs = 3,
                                   .max_inputs = 7,
                                   .max_outputs = 4,
                                   .params_bytes = sizeof(itgc_attention_params),
                                   .parse = parse_attention,
                                   .infer = infer_attention,
                                   .eval = eval_attention};
