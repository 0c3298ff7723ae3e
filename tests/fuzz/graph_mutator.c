/* SPDX-License-Identifier: Apache-2.0
 * How libFuzzer changes inputs of graph_fuzzer.c: bytes, or whole pieces, each of which stands for a node or a pattern. */
#include "tests/fuzz/generator.h"

/* libFuzzer's own mutations of bytes, and the entry it calls. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two, size_t two_size, uint8_t *out, size_t most, unsigned seed);

/* Half of the time whole pieces are moved, so that what made the other nodes stays as it is. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    const size_t pieces = size / FUZZ_PIECE;
    if (pieces < 3 || seed % 2 == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    uint8_t *const one = data + (1 + seed / 8 % (pieces - 1)) * FUZZ_PIECE, *const two = data + (1 + seed / 512 % (pieces - 1)) * FUZZ_PIECE;
    uint8_t kept[FUZZ_PIECE];
    const size_t behind = size - (size_t)(one - data);
    switch (seed / 2 % 4) {
    case 0: /* exchanged */
        memcpy(kept, one, FUZZ_PIECE);
        memmove(one, two, FUZZ_PIECE);
        memcpy(two, kept, FUZZ_PIECE);
        return size;
    case 1: /* left out */
        memmove(one, one + FUZZ_PIECE, behind - FUZZ_PIECE);
        return size - FUZZ_PIECE;
    case 2: /* doubled */
        if (size + FUZZ_PIECE > max_size)
            return size;
        memmove(one + FUZZ_PIECE, one, behind);
        return size + FUZZ_PIECE;
    default: /* one of them changed within itself */
        (void)LLVMFuzzerMutate(one, FUZZ_PIECE, FUZZ_PIECE);
        return size;
    }
}

/* The first pieces of one input, its options among them, and behind them the last ones of another. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two, size_t two_size, uint8_t *out, size_t most, unsigned seed)
{
    const size_t one_pieces = one_size / FUZZ_PIECE, two_pieces = two_size / FUZZ_PIECE;
    if (one_pieces < 1 || two_pieces < 2)
        return 0;
    const size_t kept = (1 + seed % one_pieces) * FUZZ_PIECE, from = (1 + seed / 64 % (two_pieces - 1)) * FUZZ_PIECE;
    if (kept > most)
        return 0;
    const size_t rest = two_size - from < most - kept ? two_size - from : most - kept;
    memcpy(out, one, kept);
    memcpy(out + kept, two + from, rest);
    return kept + rest;
}
