/* SPDX-License-Identifier: Apache-2.0
 * Protobuf wire format, reading: keys, numbers and lengths are varints; see wire.h. Called by backend_test.c. */
#include "tools/cli/wire.h"

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static bool read_varint(cli_message *message, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; message->at < message->end && shift < 64; shift += 7) {
        const uint8_t byte = *message->at++;
        *value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return true;
    }
    return false;
}

bool cli_next_field(cli_message *message, cli_field *field)
{
    uint64_t key, length;
    if (!read_varint(message, &key))
        return false;
    const unsigned wire = (unsigned)key & 7;
    *field = (cli_field){.number = key >> 3};
    if (wire == WIRE_VARINT)
        return read_varint(message, &length);
    if (wire == WIRE_BYTES ? !read_varint(message, &length) : wire != WIRE_64 && wire != WIRE_32)
        return false;
    length = wire == WIRE_64 ? 8 : wire == WIRE_32 ? 4 : length;
    if (length > (uint64_t)(message->end - message->at))
        return false;
    field->bytes = wire == WIRE_BYTES ? message->at : NULL;
    field->count = (size_t)length;
    message->at += length;
    return true;
}

bool cli_find_field(cli_message *message, uint64_t number, cli_field *field)
{
    while (cli_next_field(message, field))
        if (field->number == number && field->bytes)
            return true;
    return false;
}
