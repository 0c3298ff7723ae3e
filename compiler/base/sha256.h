/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 (FIPS 180-4), for the head of emitted files: says which model they come from. */
#ifndef ITGC_SHA256_H
#define ITGC_SHA256_H

#include <stddef.h>

#define ITGC_SHA256_TEXT 65

/* 64 lower-case hexadecimal digits and a NUL. */
void itgc_sha256(char text[ITGC_SHA256_TEXT], const void *bytes, size_t count);

#endif
