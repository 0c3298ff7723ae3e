/* SPDX-License-Identifier: Apache-2.0
 * The body of the float product, compiled once for each instruction set: matmul.c includes it with TILE(name), TILE_TARGET and
 * TILE_VECTOR set; a tile is two vectors wide.
 * (GCC splits generic vectors before it clones functions, so target_clones would leave SSE code in every clone.) */

/* Four rows by two vectors of a panel. Accumulators are scalars by name: GCC 12 spills arrays of them. */
TILE_TARGET static void TILE(multiply_four)(float *out, ptrdiff_t out_stride, const itgc_product *p, int64_t m, const float *b)
{
    TILE_VECTOR *const o0 = (TILE_VECTOR *)out, *const o1 = (TILE_VECTOR *)(out + out_stride);
    TILE_VECTOR *const o2 = (TILE_VECTOR *)(out + 2 * out_stride), *const o3 = (TILE_VECTOR *)(out + 3 * out_stride);
    TILE_VECTOR s00 = o0[0], s01 = o0[1], s10 = o1[0], s11 = o1[1], s20 = o2[0], s21 = o2[1], s30 = o3[0], s31 = o3[1];
    for (int s = 0; s < p->segments; s++) {
        const float *const *const rows = p->rows + s * p->row_stride + m;
        const float *const a0 = rows[0], *const a1 = rows[1], *const a2 = rows[2], *const a3 = rows[3];
        for (int64_t k = 0; k < p->k_each; k++, b += ITGC_PANEL) {
            const TILE_VECTOR b0 = ((const TILE_VECTOR *)b)[0], b1 = ((const TILE_VECTOR *)b)[1];
            s00 += a0[k] * b0;
            s01 += a0[k] * b1;
            s10 += a1[k] * b0;
            s11 += a1[k] * b1;
            s20 += a2[k] * b0;
            s21 += a2[k] * b1;
            s30 += a3[k] * b0;
            s31 += a3[k] * b1;
        }
    }
    o0[0] = s00, o0[1] = s01, o1[0] = s10, o1[1] = s11, o2[0] = s20, o2[1] = s21, o3[0] = s30, o3[1] = s31;
}

TILE_TARGET static void TILE(multiply_one)(float *out, const itgc_product *p, int64_t m, const float *b)
{
    TILE_VECTOR *const o = (TILE_VECTOR *)out;
    TILE_VECTOR s0 = o[0], s1 = o[1];
    for (int s = 0; s < p->segments; s++) {
        const float *const a = p->rows[s * p->row_stride + m];
        for (int64_t k = 0; k < p->k_each; k++, b += ITGC_PANEL) {
            s0 += a[k] * ((const TILE_VECTOR *)b)[0];
            s1 += a[k] * ((const TILE_VECTOR *)b)[1];
        }
    }
    o[0] = s0, o[1] = s1;
}

/* Up to four rows of a panel: sums live in `block` when the panel is wider than what is left of the rows. */
TILE_TARGET static void TILE(multiply_rows)(const itgc_product *p, int64_t m, int64_t rows, int64_t n, const float *b)
{
    float block[4 * ITGC_PANEL];
    const int64_t columns = p->n - n < ITGC_PANEL ? p->n - n : ITGC_PANEL;
    const bool direct = columns == ITGC_PANEL;
    float *const target = direct ? p->out + m * p->out_stride + n : block;
    const ptrdiff_t stride = direct ? p->out_stride : ITGC_PANEL;
    load_start(target, stride, p, m, rows, n, columns);
    for (int64_t c = 0; c < ITGC_PANEL; c += 2 * (int64_t)(sizeof(TILE_VECTOR) / sizeof(float))) {
        if (rows == 4) {
            TILE(multiply_four)(target + c, stride, p, m, b + c);
        }
        for (int64_t i = 0; i < rows && rows < 4; i++) {
            TILE(multiply_one)(target + c + i * stride, p, m + i, b + c);
        }
    }
    for (int64_t i = 0; i < rows && !direct; i++) {
        memcpy(p->out + (m + i) * p->out_stride + n, block + i * ITGC_PANEL, (size_t)columns * sizeof(float));
    }
}

TILE_TARGET static void TILE(multiply)(const itgc_product *p)
{
    const int64_t depth = p->segments * p->k_each;
    for (int64_t n = 0; n < p->n; n += ITGC_PANEL) {
        for (int64_t m = 0; m < p->m; m += 4) {
            TILE(multiply_rows)(p, m, p->m - m < 4 ? p->m - m : 4, n, p->packed + n * depth);
        }
    }
}
