/* SPDX-License-Identifier: Apache-2.0
 * The tiles of the AMX convolution: up to 16 pixels times 1 to 4 blocks of 16 output channels. tmm0-tmm3 hold sums, a pixel a row; tmm4 64
 * neighbouring inputs of every pixel and tmm5 their weights, which lie in ITG_PACK_16C4 as TDPBUSD wants them; tmm6 and tmm7 the same for what
 * 64 leaves of a run. A round is 5 loads and 4 TDPBUSD for 65536 products. Included by conv.c of this folder alone. */
#ifndef ITG_AMX_TILE_H
#define ITG_AMX_TILE_H

#include "runtime/kernels/avx512vnni/direct.h"
#include "runtime/kernels/tiles.h"

#include <immintrin.h>
#include <string.h>

#define TILE_PIXELS 16
#define TILE_BLOCKS 4
#define TILE_STEPS  16

/* What LDTILECFG reads. */
typedef struct tile_shapes {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_shapes;

static inline void shape_tile(tile_shapes *shapes, int tile, int32_t rows, int32_t row_bytes)
{
    shapes->rows[tile] = (uint8_t)(row_bytes ? rows : 0);
    shapes->row_bytes[tile] = (uint16_t)(rows ? row_bytes : 0);
}

/* Shapes are loaded only where they are not the ones there are, which takes less than to load them and keeps no state of ours. */
static inline void shape_tiles(int32_t pixels, int32_t rest)
{
    tile_shapes wanted, found;
    uint64_t difference = 0;
    memset(&wanted, 0, sizeof wanted);
    wanted.palette = 1;
    for (int i = 0; i <= TILE_BLOCKS; i++)
        shape_tile(&wanted, i, pixels, 64);
    shape_tile(&wanted, 5, TILE_STEPS, 64);
    shape_tile(&wanted, 6, pixels, 4 * rest);
    shape_tile(&wanted, 7, rest, 64);
    _tile_storeconfig(&found);
    for (size_t i = 0; i < sizeof wanted; i += sizeof difference) {
        uint64_t a, b;
        memcpy(&a, (const uint8_t *)&wanted + i, sizeof a);
        memcpy(&b, (const uint8_t *)&found + i, sizeof b);
        difference |= a ^ b;
    }
    if (difference)
        _tile_loadconfig(&wanted);
}

#define FOR_BLOCKS(X) X(0) if (t->blocks > 1) X(1) if (t->blocks > 2) X(2) if (t->blocks > 3) X(3)
#define START(b)                                                                                                                                     \
    {                                                                                                                                                \
        _tile_loadd(b, t->start + 16 * b, 0);                                                                                                        \
    }
#define MULTIPLY(b)                                                                                                                                  \
    {                                                                                                                                                \
        _tile_loadd(5, w + b * t->block_stride, 64);                                                                                                 \
        _tile_dpbusd(b, 4, 5);                                                                                                                       \
    }
#define MULTIPLY_REST(b)                                                                                                                             \
    {                                                                                                                                                \
        _tile_loadd(7, w + b * t->block_stride, 64);                                                                                                 \
        _tile_dpbusd(b, 6, 7);                                                                                                                       \
    }
#define STORE(b)                                                                                                                                     \
    {                                                                                                                                                \
        _tile_stored(b, sums + 16 * b, TILE_BLOCKS * 64);                                                                                            \
    }

/* Of the tile whose inputs lie `at` bytes on. sums: [pixel][4][16]. */
static void sum_tile(const itg_tile *t, ptrdiff_t at, int32_t *sums)
{
    const ptrdiff_t stride = t->pixel_stride;
    const int32_t rest = t->steps % TILE_STEPS;
    const int8_t *w = t->weights;
    shape_tiles(t->pixels, rest);
    FOR_BLOCKS(START)
    for (int32_t s = 0; s < t->segments; s++) {
        const uint8_t *x = t->segment[s] + at;
        for (int32_t k = TILE_STEPS; k <= t->steps; k += TILE_STEPS, x += 64, w += 1024) {
            _tile_loadd(4, x, stride);
            FOR_BLOCKS(MULTIPLY)
        }
        if (rest) {
            _tile_loadd(6, x, stride);
            FOR_BLOCKS(MULTIPLY_REST)
            w += rest * 64;
        }
    }
    FOR_BLOCKS(STORE)
}

#define CODE(b) itg_avx512_scale_direct(_mm512_loadu_si512(pixel + 16 * (b)), d, b)

/* Blocks that there are not are the first one again; nothing of them is stored. */
static void store_tile(const itg_tile *t, const itg_direct *d, uint8_t *out, const int32_t *sums)
{
    const itg_avx512_direct c = itg_avx512_load_direct(d);
    const int second = t->blocks > 1 ? 1 : 0, third = t->blocks > 2 ? 2 : 0, fourth = t->blocks > 3 ? 3 : 0;
    for (int32_t p = 0; p < t->pixels; p++) {
        const int32_t *pixel = sums + p * TILE_BLOCKS * 16;
        itg_avx512_store_pixel(out + p * d->pixel_stride, &c, CODE(0), CODE(second), CODE(third), CODE(fourth));
    }
}

static void direct_tiles(const itg_tile *t, const itg_direct *d, int32_t count)
{
    __attribute__((aligned(64))) int32_t sums[TILE_PIXELS * TILE_BLOCKS * 16];
    for (int32_t i = 0; i < count; i++) {
        sum_tile(t, i * t->pixels * t->pixel_stride, sums);
        store_tile(t, d, d->out + i * t->pixels * d->pixel_stride, sums);
    }
}

static void single_tile(const itg_tile *t, int32_t *sums)
{
    sum_tile(t, 0, sums);
}

/* One function for every number of pixels and blocks, which it finds in the tile. */
#define SAME_4(f)  f, f, f, f
#define SAME_16(f) SAME_4(f), SAME_4(f), SAME_4(f), SAME_4(f)
static itg_tile_function *const sum_tiles[TILE_PIXELS * TILE_BLOCKS] = {SAME_16(single_tile), SAME_16(single_tile), SAME_16(single_tile),
                                                                        SAME_16(single_tile)};
static itg_direct_tiles *const code_tiles[TILE_PIXELS * TILE_BLOCKS] = {SAME_16(direct_tiles), SAME_16(direct_tiles), SAME_16(direct_tiles),
                                                                        SAME_16(direct_tiles)};

#endif
