/* SPDX-License-Identifier: Apache-2.0
 * Attention without a cache or windows: softmax(q k^T * scale + mask) v in tiles of query rows. Keys and values are packed once a head;
 * sums run in one order, so that the number of threads changes nothing. */
#include "compiler/base/matmul.h"
#include "compiler/base/parallel.h"
#include "compiler/base/real.h"
#include "compiler/ops/attention.h"

#include <math.h>
#include <string.h>

#define TILE_ROWS 32

typedef struct attention_job {
    const itgc_eval *eval;
    const itgc_attention_geometry *g;
    float scale;
    float *keys, *values; /* packed, [batch * heads] each */
    int64_t key_floats, value_floats;
    float *scores; /* [workers][TILE_ROWS][total] */
    int64_t tiles, workers;
} attention_job;

bool itgc_is_plain_attention(const itgc_eval *eval, const itgc_attention_geometry *g)
{
    const itgc_attention_params *const params = eval->node->params;
    const itgc_value *const mask = itgc_operand_of(eval, ITGC_ATTENTION_MASK);
    for (int i = 1; i < eval->node->out_count; i++) {
        if (eval->out[i] != NULL) {
            return false;
        }
    }
    const bool fits = mask == NULL || (itgc_is_float(mask->type) && mask->shape.dim[mask->shape.rank - 1] == g->total);
    return fits && g->past == 0 && params->softcap == 0.0 && params->left < 0 && params->right < 0 && !params->is_causal && eval->out[0] != NULL &&
           itgc_operand_of(eval, ITGC_ATTENTION_LENGTHS) == NULL;
}

/* Row (batch, head, row) of the mask, NULL without one. */
static const float *find_mask_row(const itgc_value *mask, int64_t batch, int64_t head, int64_t row)
{
    const int64_t at[3] = {batch, head, row};
    int64_t index = 0;
    if (mask == NULL) {
        return NULL;
    }
    const int rank = mask->shape.rank;
    for (int i = 0; i + 1 < rank; i++) {
        index = index * mask->shape.dim[i] + (mask->shape.dim[i] == 1 ? 0 : at[4 - rank + i]);
    }
    return mask->f + index * mask->shape.dim[rank - 1];
}

/* Scores → probabilities; zeros where the mask hides every key. */
static void normalize_row(float *score, const float *mask, int64_t count, float scale)
{
    float largest = -INFINITY;
    for (int64_t j = 0; j < count; j++) {
        score[j] = score[j] * scale + (mask == NULL ? 0.0f : mask[j]);
        largest = score[j] > largest ? score[j] : largest;
    }
    if (largest == -INFINITY) {
        memset(score, 0, (size_t)count * sizeof *score);
        return;
    }
    const double sum = itgc_exp_row(score, score, largest, count);
    if (sum > 0.0) {
        itgc_divide_row(score, sum, count);
    }
}

static void attend_tile(const attention_job *job, float *scores, int64_t pair, int64_t first)
{
    const itgc_attention_geometry *const g = job->g;
    const int64_t batch = pair / g->q.count, head = pair % g->q.count, kv_pair = batch * g->k.count + head / (g->q.count / g->k.count);
    const int64_t count = g->q.length - first < TILE_ROWS ? g->q.length - first : TILE_ROWS, total = g->total, size = g->v.size;
    const bool is_packed = job->eval->out[0]->shape.rank == 3;
    const itgc_value *const mask = itgc_operand_of(job->eval, ITGC_ATTENTION_MASK);
    const float *rows[TILE_ROWS];
    for (int64_t i = 0; i < count; i++) {
        rows[i] = job->eval->in[ITGC_ATTENTION_Q]->f + batch * g->q.batch_stride + head * g->q.head_stride + (first + i) * g->q.row_stride;
    }
    itgc_product product = {.out = scores, .out_stride = (ptrdiff_t)total, .rows = rows, .row_stride = TILE_ROWS, .segments = 1, .m = count};
    product.k_each = g->q.size;
    product.n = total;
    product.packed = job->keys + kv_pair * job->key_floats;
    itgc_matmul_gathered(&product);
    for (int64_t i = 0; i < count; i++) {
        rows[i] = scores + i * total;
        normalize_row(scores + i * total, find_mask_row(mask, batch, head, first + i), total, job->scale);
    }
    product.k_each = total;
    product.n = size;
    product.packed = job->values + kv_pair * job->value_floats;
    product.out_stride = (ptrdiff_t)(is_packed ? g->q.count * size : size);
    product.out =
        job->eval->out[0]->f + (is_packed ? ((batch * g->q.length + first) * g->q.count + head) * size : (pair * g->q.length + first) * size);
    itgc_matmul_gathered(&product);
}

static void attend(void *argument, int64_t begin, int64_t end)
{
    const attention_job *const job = argument;
    const int64_t all = job->g->q.batch * job->g->q.count * job->tiles;
    for (int64_t worker = begin; worker < end; worker++) {
        for (int64_t i = all * worker / job->workers; i < all * (worker + 1) / job->workers; i++) {
            attend_tile(job, job->scores + worker * TILE_ROWS * job->g->total, i / job->tiles, i % job->tiles * TILE_ROWS);
        }
    }
}

static void pack_heads(const attention_job *job)
{
    const itgc_attention_geometry *const g = job->g;
    const ptrdiff_t key_stride[] = {0, 1, (ptrdiff_t)g->k.row_stride}, value_stride[] = {0, (ptrdiff_t)g->v.row_stride, 1};
    for (int64_t pair = 0; pair < g->k.batch * g->k.count; pair++) {
        const int64_t batch = pair / g->k.count, head = pair % g->k.count;
        const float *const k = job->eval->in[ITGC_ATTENTION_K]->f + batch * g->k.batch_stride + head * g->k.head_stride;
        const float *const v = job->eval->in[ITGC_ATTENTION_V]->f + batch * g->v.batch_stride + head * g->v.head_stride;
        itgc_pack_panels(job->keys + pair * job->key_floats, k, key_stride, 1, g->k.size, g->total);
        itgc_pack_panels(job->values + pair * job->value_floats, v, value_stride, 1, g->total, g->v.size);
    }
}

void itgc_eval_plain_attention(const itgc_eval *eval, const itgc_attention_geometry *g)
{
    const itgc_attention_params *const params = eval->node->params;
    const int64_t pairs = g->k.batch * g->k.count, work = g->q.batch * g->q.count * g->q.length * g->total * (g->q.size + g->v.size);
    if (itgc_elements(&eval->out[0]->shape) == 0) {
        return;
    }
    attention_job job = {.eval = eval, .g = g, .tiles = (g->q.length + TILE_ROWS - 1) / TILE_ROWS};
    job.workers = itgc_useful_threads(eval->threads, work);
    job.scale = (float)(isnan(params->scale) ? 1.0 / sqrt((double)g->q.size) : params->scale);
    job.key_floats = itgc_packed_floats(g->k.size, g->total);
    job.value_floats = itgc_packed_floats(g->total, g->v.size);
    job.keys = ITGC_NEW_ARRAY(eval->scratch, float, pairs *job.key_floats);
    job.values = ITGC_NEW_ARRAY(eval->scratch, float, pairs *job.value_floats);
    job.scores = ITGC_NEW_ARRAY(eval->scratch, float, job.workers *TILE_ROWS * g->total);
    pack_heads(&job);
    itgc_parallel((int)job.workers, job.workers, attend, &job);
}
