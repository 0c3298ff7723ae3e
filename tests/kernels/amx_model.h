/* SPDX-License-Identifier: Apache-2.0
 * A model of the AMX tile instructions that runtime/kernels/amx uses, written from the instructions' description: what processors without them
 * can check those kernels with. Faults end the program, as an exception would. Included before the kernels' source, by amx_model.c. */
#ifndef AMX_MODEL_H
#define AMX_MODEL_H

#include <immintrin.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct model_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} model_config;

/* One thread's tile registers. */
typedef struct model_registers {
    model_config config; /* all zero: no tiles */
    uint8_t tile[8][16][64];
} model_registers;

static model_registers model;

static void model_require(int condition)
{
    if (!condition)
        abort();
}

/* LDTILECFG: clears the tiles. */
static void model_load_config(const void *from)
{
    model_config config;
    memcpy(&config, from, sizeof config);
    model_require(config.palette == 1 && config.start_row == 0);
    for (int i = 0; i < 14; i++)
        model_require(config.reserved[i] == 0);
    for (int i = 0; i < 16; i++) {
        model_require(config.rows[i] <= 16 && config.row_bytes[i] <= 64 && (config.rows[i] == 0) == (config.row_bytes[i] == 0));
        model_require(i < 8 || config.rows[i] == 0);
    }
    memset(&model, 0, sizeof model);
    model.config = config;
}

static void model_store_config(void *to)
{
    memcpy(to, &model.config, sizeof model.config);
}

static void model_release(void)
{
    memset(&model, 0, sizeof model);
}

/* TILELOADD: rows and bytes beyond the tile's shape become zero. */
static void model_load(int tile, const void *base, ptrdiff_t stride)
{
    model_require(model.config.palette == 1 && model.config.rows[tile] > 0);
    memset(model.tile[tile], 0, sizeof model.tile[tile]);
    for (int row = 0; row < model.config.rows[tile]; row++)
        memcpy(model.tile[tile][row], (const uint8_t *)base + row * stride, model.config.row_bytes[tile]);
}

static void model_store(int tile, void *base, ptrdiff_t stride)
{
    model_require(model.config.palette == 1 && model.config.rows[tile] > 0);
    for (int row = 0; row < model.config.rows[tile]; row++)
        memcpy((uint8_t *)base + row * stride, model.tile[tile][row], model.config.row_bytes[tile]);
}

/* TDPBUSD: sums += a (unsigned bytes) * b (signed bytes), four at a time, modulo 2^32. */
static void model_multiply(int sums, int a, int b)
{
    const model_config *config = &model.config;
    model_require(config->palette == 1 && sums != a && sums != b && a != b);
    model_require(config->rows[sums] == config->rows[a] && config->row_bytes[sums] == config->row_bytes[b]);
    model_require(config->rows[a] > 0 && config->row_bytes[b] % 4 == 0 && config->row_bytes[a] == 4 * config->rows[b]);
    for (int row = 0; row < config->rows[sums]; row++)
        for (int k = 0; k < config->rows[b]; k++)
            for (int column = 0; column < config->row_bytes[sums] / 4; column++) {
                uint32_t sum;
                memcpy(&sum, model.tile[sums][row] + 4 * column, sizeof sum);
                for (int i = 0; i < 4; i++)
                    sum += (uint32_t)((int32_t)model.tile[a][row][4 * k + i] * (int8_t)model.tile[b][k][4 * column + i]);
                memcpy(model.tile[sums][row] + 4 * column, &sum, sizeof sum);
            }
}

#undef _tile_loadconfig
#undef _tile_storeconfig
#undef _tile_release
#undef _tile_loadd
#undef _tile_stored
#undef _tile_dpbusd
#define _tile_loadconfig  model_load_config
#define _tile_storeconfig model_store_config
#define _tile_release     model_release
#define _tile_loadd       model_load
#define _tile_stored      model_store
#define _tile_dpbusd      model_multiply

#endif
