# SPDX-License-Identifier: Apache-2.0
# Every command of the project; `make help` lists them. The only home of compiler flags. Outputs go to $(BUILD)/<target>/.
BUILD ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
H := $(BUILD)/host

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wvla -Werror
DEPFLAGS = -MMD -MP
CPPFLAGS += -Iinclude -I. -I$(H)/gen
RUNTIME_FLAGS := -std=c99 -O2 -ffreestanding -ffunction-sections -fdata-sections $(WARNINGS)
COMPILER_FLAGS := -std=c11 -O2 -g -D_POSIX_C_SOURCE=200809L -ffp-contract=off -fno-fast-math $(WARNINGS)
TOOL_LIBS := -lprotobuf-c -ljpeg -lpng -lcjson -lpthread -lm

RUNTIME_SRC := $(wildcard runtime/*.c runtime/ops/*.c runtime/kernels/scalar/*.c)
# Kernel folders of the host's architecture, each compiled for its own instructions alone.
HOST_ARCH := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
ISA_x86_64 := avx512vnni
ISA_FLAGS_avx512vnni := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni
RUNTIME_SRC += $(wildcard $(ISA_$(HOST_ARCH):%=runtime/kernels/%/*.c))
HOSTED_SRC := $(wildcard runtime/host/*.c)
COMPILER_SRC := $(wildcard compiler/*.c compiler/*/*.c)
CLI_SRC := $(wildcard tools/*.c tools/cli/*.c)
RUNTIME_OBJ := $(RUNTIME_SRC:%.c=$(H)/%.o) $(HOSTED_SRC:%.c=$(H)/%.o)
COMPILER_OBJ := $(COMPILER_SRC:%.c=$(H)/%.o) $(H)/gen/onnx.pb-c.o
CLI_OBJ := $(CLI_SRC:%.c=$(H)/%.o)

.PHONY: all
all: $(H)/intaglio $(H)/libintaglio.a ## the host tools

$(H)/intaglio: $(CLI_OBJ) $(H)/libintagliocompiler.a $(H)/libintaglio.a
	$(CC) $(LDFLAGS) -o $@ $^ $(TOOL_LIBS)

$(H)/libintaglio.a: $(RUNTIME_OBJ)
	rm -f $@ && ar rcs $@ $^

$(H)/libintagliocompiler.a: $(COMPILER_OBJ)
	rm -f $@ && ar rcs $@ $^

$(H)/runtime/kernels/%.o: RUNTIME_FLAGS += -O3 $(ISA_FLAGS_$(notdir $(@D)))
$(H)/runtime/host/%.o: RUNTIME_FLAGS = $(COMPILER_FLAGS)

$(H)/runtime/%.o: runtime/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(RUNTIME_FLAGS) $(DEPFLAGS) -c -o $@ $<

# Every kernel table against the definitions, or with --bench its speed.
$(H)/kernel_check: $(wildcard tests/kernels/*.[ch]) $(H)/libintagliocompiler.a $(H)/libintaglio.a
	$(CC) $(CPPFLAGS) $(COMPILER_FLAGS) -D_DEFAULT_SOURCE -o $@ $(filter %.c %.a,$^) $(LDFLAGS) -lm

$(H)/compiler/%.o: compiler/%.c $(H)/gen/onnx.pb-c.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(COMPILER_FLAGS) $(DEPFLAGS) -c -o $@ $<

$(H)/tools/%.o: tools/%.c $(H)/gen/onnx.pb-c.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(COMPILER_FLAGS) $(DEPFLAGS) -c -o $@ $<

$(H)/gen/onnx.pb-c.h: compiler/onnx/onnx.proto
	@mkdir -p $(@D)
	protoc-c --c_out=$(@D) -Icompiler/onnx onnx.proto

$(H)/gen/onnx.pb-c.o: $(H)/gen/onnx.pb-c.h
	$(CC) -I$(H)/gen -O2 -g -c -o $@ $(H)/gen/onnx.pb-c.c

.PHONY: help
help: ## this list
	@grep -hE '^[a-zA-Z_-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

-include $(RUNTIME_OBJ:.o=.d) $(COMPILER_OBJ:.o=.d) $(CLI_OBJ:.o=.d)

include targets/firmware.mk
