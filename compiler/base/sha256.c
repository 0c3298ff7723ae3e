/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 of a block of memory or of pieces, after FIPS 180-4 section 6.2. */
#include "compiler/base/sha256.h"

#include <string.h>

/* FIPS 180-4 section 4.2.2. */
static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t value, int by)
{
    return (value >> by) | (value << (32 - by));
}

static void expand_schedule(uint32_t schedule[64], const uint8_t *block)
{
    for (int i = 0; i < 16; i++)
        schedule[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | (uint32_t)block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        const uint32_t a = schedule[i - 15], b = schedule[i - 2];
        const uint32_t sigma0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3);
        const uint32_t sigma1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10);
        schedule[i] = schedule[i - 16] + sigma0 + schedule[i - 7] + sigma1;
    }
}

static void add_block(uint32_t state[8], const uint8_t *block)
{
    uint32_t schedule[64], v[8];
    expand_schedule(schedule, block);
    memcpy(v, state, sizeof v);
    for (int i = 0; i < 64; i++) {
        const uint32_t sum1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        const uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        const uint32_t t1 = v[7] + sum1 + choice + round_constants[i] + schedule[i];
        const uint32_t sum0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        const uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + sum0 + majority;
    }
    for (int i = 0; i < 8; i++)
        state[i] += v[i];
}

void itgc_start_sha256(itgc_sha256_sum *sum)
{
    *sum = (itgc_sha256_sum){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void itgc_add_sha256(itgc_sha256_sum *sum, const void *bytes, size_t count)
{
    const uint8_t *next = bytes;
    while (count != 0) {
        const size_t have = sum->count % 64, room = 64 - have, taken = count < room ? count : room;
        if (taken == 64) {
            add_block(sum->state, next);
        } else {
            memcpy(sum->rest + have, next, taken);
            if (taken == room)
                add_block(sum->state, sum->rest);
        }
        sum->count += taken;
        next += taken;
        count -= taken;
    }
}

void itgc_end_sha256(itgc_sha256_sum *sum, char text[ITGC_SHA256_TEXT])
{
    const size_t have = sum->count % 64;
    uint8_t tail[128] = {0};
    memcpy(tail, sum->rest, have);
    tail[have] = 0x80;
    const size_t tail_bytes = have < 56 ? 64 : 128;
    const uint64_t bits = sum->count * 8;
    for (int i = 0; i < 8; i++)
        tail[tail_bytes - 1 - (size_t)i] = (uint8_t)(bits >> (8 * i));
    add_block(sum->state, tail);
    if (tail_bytes == 128)
        add_block(sum->state, tail + 64);
    for (int i = 0; i < 64; i++)
        text[i] = "0123456789abcdef"[sum->state[i / 8] >> (28 - 4 * (i % 8)) & 15];
    text[64] = '\0';
}

void itgc_sha256(char text[ITGC_SHA256_TEXT], const void *bytes, size_t count)
{
    itgc_sha256_sum sum;
    itgc_start_sha256(&sum);
    itgc_add_sha256(&sum, bytes, count);
    itgc_end_sha256(&sum, text);
}
