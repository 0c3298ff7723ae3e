/* hand_weights.S: constants of hand.onnx, 872 bytes, crc32 aa77e961. Written by intaglio with hand.c; belongs to you. */
    .section .rodata, "a", %progbits
    .balign 4
    .globl hand_w00_weights
hand_w00_weights:
    .incbin "hand_weights.bin", 0, 216
    .balign 4
    .globl hand_w00_bias
hand_w00_bias:
    .incbin "hand_weights.bin", 216, 32
    .balign 4
    .globl hand_w00_multiplier
hand_w00_multiplier:
    .incbin "hand_weights.bin", 248, 32
    .balign 4
    .globl hand_w03_weights
hand_w03_weights:
    .incbin "hand_weights.bin", 280, 576
    .balign 4
    .globl hand_w03_bias
hand_w03_bias:
    .incbin "hand_weights.bin", 856, 16
#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
