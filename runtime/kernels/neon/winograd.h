/* SPDX-License-Identifier: Apache-2.0
 * The transformed 3x3 convolution of the Armv8.0 table (runtime/kernels/winograd.h): a band of tiles is transformed once, then for each block
 * of 16 output channels its weights, 64 inputs at a time, and 36 products of matrices. Called by conv.c of this folder. */
#ifndef ITG_NEON_WINOGRAD_H
#define ITG_NEON_WINOGRAD_H

#include "runtime/kernels/neon/requantize.h"
#include "runtime/kernels/neon/transform.h"
#include "runtime/kernels/winograd_walk.h"

/* Products of one place: groups of tiles x 16 output channels, over `steps` times 8 inputs. */
typedef struct itg_place_product {
    const int32_t *from; /* first sums of a tile: 16, the next tile's from_bytes on */
    int64_t from_bytes;
    int32_t *to;            /* [tile][16] */
    const int16_t *x;       /* [group][step][4 tiles][8] */
    int64_t skip_bytes;     /* from the end of a group's steps to the next one's first */
    const int16_t *weights; /* [step][8][16] */
    int64_t steps, groups;
} itg_place_product;

/* v0-v3 8 inputs of each tile, v4-v11 weights of 4 inputs, v16-v31 sums: 128 SMLAL for 512 products, 5 loads. */
#define TILE_SUMS_1(op, to) op " {v16.4s-v19.4s}, [" to "\n"
#define TILE_SUMS_2(op, to) TILE_SUMS_1(op, to) op " {v20.4s-v23.4s}, [" to "\n"
#define TILE_SUMS_3(op, to) TILE_SUMS_2(op, to) op " {v24.4s-v27.4s}, [" to "\n"
#define TILE_SUMS_4(op, to) TILE_SUMS_3(op, to) op " {v28.4s-v31.4s}, [" to "\n"
#define INPUT_1(x, w, v, k, a, b, c, d)                                                                                                              \
    "smlal v" #a ".4s, v" #w ".4h, v" #x ".h[" #k "]\nsmlal2 v" #b ".4s, v" #w ".8h, v" #x ".h[" #k "]\n"                                            \
    "smlal v" #c ".4s, v" #v ".4h, v" #x ".h[" #k "]\nsmlal2 v" #d ".4s, v" #v ".8h, v" #x ".h[" #k "]\n"
#define INPUT_TILES_1(w, v, k) INPUT_1(0, w, v, k, 16, 17, 18, 19)
#define INPUT_TILES_2(w, v, k) INPUT_TILES_1(w, v, k) INPUT_1(1, w, v, k, 20, 21, 22, 23)
#define INPUT_TILES_3(w, v, k) INPUT_TILES_2(w, v, k) INPUT_1(2, w, v, k, 24, 25, 26, 27)
#define INPUT_TILES_4(w, v, k) INPUT_TILES_3(w, v, k) INPUT_1(3, w, v, k, 28, 29, 30, 31)
#define EIGHT_INPUTS(N)                                                                                                                              \
    "ld1 {v0.8h-v3.8h}, [%[x]], #64\nld1 {v4.8h-v7.8h}, [x9], #64\nld1 {v8.8h-v11.8h}, [x9], #64\n" INPUT_TILES_##N(4, 5, 0)                         \
        INPUT_TILES_##N(6, 7, 1) "ld1 {v4.8h-v7.8h}, [x9], #64\n" INPUT_TILES_##N(8, 9, 2)                                                           \
            INPUT_TILES_##N(10, 11, 3) "ld1 {v8.8h-v11.8h}, [x9], #64\n" INPUT_TILES_##N(4, 5, 4) INPUT_TILES_##N(6, 7, 5) INPUT_TILES_##N(8, 9, 6)  \
                INPUT_TILES_##N(10, 11, 7)

/* x, from and to move on; the last group of a band may have fewer tiles. */
#define DEFINE_PRODUCT(N)                                                                                                                            \
    static inline void itg_multiply_place_##N(itg_place_product *product)                                                                            \
    {                                                                                                                                                \
        int64_t groups = product->groups;                                                                                                            \
        __asm__ volatile(                                                                                                                            \
            "0:\nmov x9, %[weights]\nmov x10, %[steps]\n" TILE_SUMS_##N("ld1", "%[from]], %[from_bytes]") "1:\n" EIGHT_INPUTS(                       \
                N) "subs x10, x10, #1\nb.ne 1b\n" TILE_SUMS_##N("st1", "%[to]], #64") "add %[x], %[x], %[skip]\n"                                    \
                                                                                      "subs %[groups], %[groups], #1\nb.ne 0b\n"                     \
            : [x] "+r"(product->x), [from] "+r"(product->from), [to] "+r"(product->to), [groups] "+r"(groups)                                        \
            : [weights] "r"(product->weights), [steps] "r"(product->steps), [from_bytes] "r"(product->from_bytes), [skip] "r"(product->skip_bytes)   \
            : "x9", "x10", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v16", "v17", "v18", "v19", "v20", "v21",       \
              "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "memory", "cc");                                                 \
    }
DEFINE_PRODUCT(1)
DEFINE_PRODUCT(2)
DEFINE_PRODUCT(3)
DEFINE_PRODUCT(4)

/* In groups of four tiles: [group][channels / 8][4 tiles][8]. */
static void itg_neon_transform_tile(const itg_winograd_call *call, int32_t at, const uint8_t *codes, ptrdiff_t down)
{
    const int32_t channels = call->conv->in[2];
    int16_t *to = call->inputs + (ptrdiff_t)(at / 4) * 4 * channels + at % 4 * 8;
    for (int32_t c = 0; c < channels; c += 8)
        itg_transform_input(to + c * 4, call->place, (const int8_t *)codes + c, channels, down);
}

/* Sums += weights of inputs [first, first + depth) times the band's tiles; the first inputs start from the biases. */
static inline void itg_multiply_places(const itg_winograd_call *call, const int32_t starts[2][16], int32_t tiles, int32_t first, int32_t depth)
{
    const int32_t channels = call->conv->in[2], whole = tiles / 4, rest = tiles % 4;
    const int16_t *inputs = call->inputs + 4 * first;
    for (int32_t place = 0; place < ITG_WINOGRAD_PLACES; place++, inputs += call->place) {
        int32_t *sums = call->sums + (ptrdiff_t)place * (ITG_WINOGRAD_PLACE / 4);
        itg_place_product product = {.from = first ? sums : starts[place == ITG_WINOGRAD_BIAS_AT],
                                     .from_bytes = first ? 64 : 0,
                                     .to = sums,
                                     .x = inputs,
                                     .skip_bytes = (int64_t)(channels - depth) * 8,
                                     .weights = call->weights + (ptrdiff_t)place * (ITG_WINOGRAD_PLACE / 2),
                                     .steps = depth / 8,
                                     .groups = whole};
        if (whole)
            itg_multiply_place_4(&product);
        product.groups = 1;
        if (rest == 1)
            itg_multiply_place_1(&product);
        else if (rest == 2)
            itg_multiply_place_2(&product);
        else if (rest == 3)
            itg_multiply_place_3(&product);
    }
}

/* Codes of the band's tiles: what of 4 x 4 lies in the image. */
static inline void itg_finish_tiles(const itg_winograd_call *call, const itg_neon_finish *finish, uint8_t *out, int32_t first, int32_t tiles)
{
    const itg_conv *conv = call->conv;
    int32_t sums[16 * 16];
    for (int32_t i = 0; i < tiles; i++) {
        const itg_tile_extent extent = itg_find_tile(call, first + i);
        for (int32_t lanes = 0; lanes < 16; lanes += 4)
            itg_transform_sums(sums + lanes, call->sums + i * 16 + lanes);
        for (int32_t row = 0; row < extent.rows; row++) {
            uint8_t *to = out + ((ptrdiff_t)(extent.y + row) * conv->out[1] + extent.x) * finish->pixel_bytes;
            itg_neon_finish_pixels(finish, to, sums + row * 64, extent.columns);
        }
    }
}

static void itg_neon_compute_tiles(const itg_winograd_call *call, const int8_t *packed, int32_t block, int32_t first, int32_t tiles)
{
    const itg_conv *conv = call->conv;
    const int32_t channels = conv->in[2], channel = 16 * block;
    itg_neon_finish finish = itg_neon_open_block(&conv->epilogue, conv->out_type, itg_out_pitch(conv), channel, conv->out[2] - channel);
    itg_neon_prove_narrow(&finish, &conv->epilogue, 9 * channels);
    int32_t starts[2][16] = {{0}};
    for (int i = 0; i < finish.count; i++)
        starts[1][i] = (int32_t)((uint32_t)finish.start[i] * ITG_WINOGRAD_BIAS);
    for (int32_t from = 0; from < channels; from += ITG_WINOGRAD_DEPTH) {
        const int32_t depth = channels - from < ITG_WINOGRAD_DEPTH ? channels - from : ITG_WINOGRAD_DEPTH;
        for (int32_t i = 0; i < depth; i += 16)
            itg_transform_block(call->weights + i * 16, packed, channels, from + i);
        itg_multiply_places(call, starts, tiles, from, depth);
    }
    itg_finish_tiles(call, &finish, call->out + (size_t)channel * itg_element_bytes(conv->out_type), first, tiles);
}

static const itg_winograd_set itg_neon_winograd = {itg_neon_transform_tile, itg_neon_compute_tiles};

#endif
