/* SPDX-License-Identifier: Apache-2.0
 * CRC-32 (IEEE 802.3, reflected) of bytes and of a step's logical values; the self-test compares them across targets.
 * Four bits at a time: a table of 64 bytes instead of 1,024. */
#include <intaglio/intaglio.h>

static const uint32_t nibbles[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

static uint32_t crc_bytes(uint32_t crc, const uint8_t *bytes, size_t count, uint8_t flip)
{
    crc = ~crc;
    for (size_t i = 0; i < count; i++) {
        crc ^= (uint32_t)(bytes[i] ^ flip);
        crc = (crc >> 4) ^ nibbles[crc & 15];
        crc = (crc >> 4) ^ nibbles[crc & 15];
    }
    return ~crc;
}

uint32_t itg_crc32(uint32_t crc, const void *bytes, size_t count)
{
    return crc_bytes(crc, bytes, count, 0);
}

uint32_t itg_crc_view(const itg_selftest_view *view, const void *arena)
{
    const size_t bytes = view->type == ITG_S8 || view->type == ITG_U8 ? 1 : view->type == ITG_S16 || view->type == ITG_U16 ? 2 : 4;
    const uint8_t flip = view->type == ITG_U8 ? 0x80 : 0;
    return crc_bytes(0, (const uint8_t *)arena + view->offset, view->count * bytes, flip);
}
