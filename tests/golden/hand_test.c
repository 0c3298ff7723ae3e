/* hand_test.c: self-test of hand.c: one real input, the output it must give, the CRC-32 of every step. Written by intaglio;
 * belongs to you. Run it with itg_run_selftest(&hand_selftest, NULL, arena, NULL). */
#include "hand.h"

static const uint8_t input_0[108] = {
    60u, 140u, 223u, 199u, 98u, 221u, 163u, 99u, 8u, 193u, 40u, 202u, 139u, 189u, 177u, 233u, 42u, 91u, 71u, 78u, 153u, 58u, 105u, 118u, 93u,
    151u, 200u, 233u, 225u, 252u, 27u, 124u, 66u, 50u, 46u, 100u, 45u, 163u, 172u, 1u, 108u, 193u, 70u, 124u, 228u, 41u, 73u, 168u, 48u, 148u,
    183u, 189u, 13u, 203u, 106u, 217u, 80u, 45u, 244u, 107u, 26u, 134u, 37u, 235u, 113u, 63u, 118u, 125u, 139u, 37u, 206u, 107u, 96u, 75u, 67u,
    158u, 88u, 219u, 234u, 103u, 41u, 188u, 202u, 79u, 51u, 114u, 119u, 207u, 253u, 160u, 14u, 7u, 148u, 5u, 118u, 233u, 235u, 236u, 34u, 114u,
    152u, 81u, 210u, 209u, 100u, 79u, 240u, 180u,
};
static const void *const inputs[] = {input_0};

static const int16_t output_0[4] = {
    -107, -56, -605, -380,
};
static const void *const outputs[] = {output_0};

static const uint32_t step_crc[] = {
    0xf83aee22u, /* 0 */
    0x00000000u, /* 1 */
    0xbe720308u, /* 2 */
    0x4083a0a5u, /* 3 */
};

/* offset, elements, type */
static const itg_selftest_view step_view[] = {
    {240, 72, ITG_S8},
    {0, 0, ITG_S8},
    {0, 144, ITG_S8},
    {144, 4, ITG_S16},
};

static const char *const step_name[] = {
    "",
    "",
    "",
    "",
};

const itg_selftest hand_selftest = {&hand_model, inputs, outputs, step_crc, step_view, step_name};
