/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 (FIPS 180-4): which model emitted files come from, and which samples a result is of. */
#ifndef ITGC_SHA256_H
#define ITGC_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define ITGC_SHA256_TEXT 65

/* Of bytes that come in pieces. */
typedef struct itgc_sha256_sum {
    uint32_t state[8];
    uint64_t count;   /* bytes so far */
    uint8_t rest[64]; /* the last count % 64 of them */
} itgc_sha256_sum;

void itgc_start_sha256(itgc_sha256_sum *sum);
void itgc_add_sha256(itgc_sha256_sum *sum, const void *bytes, size_t count);
void itgc_end_sha256(itgc_sha256_sum *sum, char text[ITGC_SHA256_TEXT]);

/* 64 lower-case hexadecimal digits and a NUL. */
void itgc_sha256(char text[ITGC_SHA256_TEXT], const void *bytes, size_t count);

#endif
