/* SPDX-License-Identifier: Apache-2.0
 * One tensor element as stored: its size, its code, and back. ITG_U8 is the code XOR 0x80.
 * Scalar kernels, ops and views use it; the caller guarantees that a code fits its type. */
#ifndef ITG_KERNELS_ELEMENT_H
#define ITG_KERNELS_ELEMENT_H

#include <intaglio/plan.h>

static inline uint32_t itg_element_bytes(itg_type type)
{
    return type == ITG_S8 || type == ITG_U8 ? 1u : type == ITG_S16 || type == ITG_U16 ? 2u : 4u;
}

/* Bytes of one image of shape [height, width, channels]. */
static inline size_t itg_image_bytes(const int32_t shape[3], itg_type type)
{
    return (size_t)shape[0] * (size_t)shape[1] * (size_t)shape[2] * itg_element_bytes(type);
}

static inline int32_t itg_load_code(const void *data, itg_type type, size_t index)
{
    switch (type) {
    case ITG_S8:
        return ((const int8_t *)data)[index];
    case ITG_U8:
        return (int32_t)((const uint8_t *)data)[index] - 128;
    case ITG_S16:
        return ((const int16_t *)data)[index];
    case ITG_U16:
        return ((const uint16_t *)data)[index];
    default:
        return ((const int32_t *)data)[index];
    }
}

static inline void itg_store_code(void *data, itg_type type, size_t index, int32_t code)
{
    switch (type) {
    case ITG_S8:
        ((int8_t *)data)[index] = (int8_t)code;
        break;
    case ITG_U8:
        ((uint8_t *)data)[index] = (uint8_t)(code + 128);
        break;
    case ITG_S16:
        ((int16_t *)data)[index] = (int16_t)code;
        break;
    case ITG_U16:
        ((uint16_t *)data)[index] = (uint16_t)code;
        break;
    default:
        ((int32_t *)data)[index] = code;
        break;
    }
}

#endif
