/* SPDX-License-Identifier: Apache-2.0
 * Fields of a serialized protobuf message, one after the other, without a schema: enough to name the tensor in a .pb file and the ops of
 * a model that the importer refuses. */
#ifndef CLI_WIRE_H
#define CLI_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cli_message {
    const uint8_t *at, *end;
} cli_message;

/* bytes: of a string or submessage; NULL for numbers. */
typedef struct cli_field {
    uint64_t number;
    const uint8_t *bytes;
    size_t count;
} cli_field;

/* False at the end, or where the message is damaged. */
bool cli_next_field(cli_message *message, cli_field *field);
/* The next one that is a string or submessage of this number. */
bool cli_find_field(cli_message *message, uint64_t number, cli_field *field);

#endif
