/* SPDX-License-Identifier: Apache-2.0
 * The one instruction AVX-VNNI adds to AVX2: four products of u8 by s8 onto each of 8 sums, in its VEX form (the EVEX form is AVX-512's). */
#ifndef ITG_AVXVNNI_DOT_H
#define ITG_AVXVNNI_DOT_H

#ifndef ITG_VEX
#define ITG_VEX "%{vex%} "
#endif
#define ITG_DOT(acc, activation, weight) __asm__(ITG_VEX "vpdpbusd %2, %1, %0" : "+x"(acc) : "x"(activation), "x"(weight))

#endif
