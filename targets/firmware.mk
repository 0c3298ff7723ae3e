# SPDX-License-Identifier: Apache-2.0
# Firmware of one target: `make firmware TARGET=T MODEL=DIR`, DIR as written by `intaglio compile --target T`. Outputs go to $(BUILD)/T.
# A target is a folder of targets/ with a target.mk; everything else here is the same for all.
CORTEX_M_PLATFORM := targets/cortex-m/startup.c targets/cortex-m/semihosting.c
SEMIHOSTING       := -nographic -monitor none -serial null -semihosting-config enable=on,target=native

# The hand-made model, emitted by schedule and emit alone: $(H)/write_hand_model TARGET DIR NAME.
$(H)/write_hand_model: tests/targets/write_hand_model.c $(wildcard tests/models/*.h) $(H)/libintagliocompiler.a $(H)/libintaglio.a
	$(CC) $(CPPFLAGS) $(COMPILER_FLAGS) -o $@ $< $(H)/libintagliocompiler.a $(H)/libintaglio.a $(TOOL_LIBS)

ifdef TARGET
ifeq ($(wildcard targets/$(TARGET)/target.mk),)
BOARDS := $(patsubst targets/%/target.mk,%,$(shell grep -lx 'CORE *:= *$(TARGET)' targets/*/target.mk))
$(error TARGET=$(TARGET) is no folder of targets/ with a target.mk; \
    $(if $(BOARDS),it is the core of: $(BOARDS),there are: $(patsubst targets/%/target.mk,%,$(wildcard targets/*/target.mk))))
endif
CPUS :=
include targets/$(TARGET)/target.mk
CPU         ?= $(lastword $(CPUS))
T           := $(BUILD)/$(TARGET)
EMULATOR_TIMEOUT ?= 600

# The self-test's file names the model, and is what tells it from other files in DIR.
MODEL_NAME  := $(patsubst %_test.c,%,$(notdir $(firstword $(wildcard $(MODEL)/*_test.c))))
MODEL_UPPER := $(shell echo '$(MODEL_NAME)' | tr a-z A-Z)
MODEL_OBJ   := $(T)/firmware/$(MODEL_NAME)
WEIGHTS_SRC := $(wildcard $(MODEL)/$(MODEL_NAME)_weights.c $(MODEL)/$(MODEL_NAME)_weights.S)

# Hosted targets also get the kernels of their ISAs and the choice by CPU; the rest of the runtime is the same code everywhere.
TARGET_RUNTIME_SRC := $(wildcard runtime/*.c runtime/ops/*.c runtime/kernels/scalar/*.c)
ifdef MEMORY
TARGET_RUNTIME_SRC := $(filter-out runtime/cpu.c,$(TARGET_RUNTIME_SRC))
TARGET_LINK        := --specs=nano.specs -nostartfiles -Wl,-T,$(T)/sections.ld
endif
ifndef MEMORY
TARGET_ARCH        := $(firstword $(subst -, ,$(shell $(TARGET_CC) -dumpmachine)))
TARGET_RUNTIME_SRC += $(wildcard $(ISA_$(TARGET_ARCH):%=runtime/kernels/%/*.c)) $(ISA_SHARED_$(TARGET_ARCH))
$(T)/runtime/kernels/%.o: RUNTIME_FLAGS += -O3 $(ISA_FLAGS_$(notdir $(@D)))
endif
TARGET_RUNTIME_OBJ := $(TARGET_RUNTIME_SRC:%.c=$(T)/%.o)
PLATFORM_OBJ       := $(PLATFORM:%.c=$(T)/%.o)
TARGET_COMPILE      = $(TARGET_CC) $(TARGET_FLAGS) -Iinclude -I. -ffunction-sections -fdata-sections
EMITTED_FLAGS      := -std=c99 -O2 -Wall -Wextra -Werror

.PHONY: firmware run-firmware firmware-example target-runtime firmware-model
firmware: $(T)/$(MODEL_NAME).elf ## TARGET=T MODEL=DIR: build/T/NAME.elf, the emitted self-test as firmware
run-firmware: firmware ## TARGET=T MODEL=DIR [CPU=C]: the same, run under its emulator
	timeout $(EMULATOR_TIMEOUT) $(EXEC) $(T)/$(MODEL_NAME).elf
firmware-example: $(T)/$(MODEL_NAME).example.elf ## TARGET=T MODEL=DIR: targets/example with a model compiled with --name kws; for its size
	$(TARGET_CC:gcc=size) $<

target-runtime: $(T)/libintaglio.a ## TARGET=T: the runtime library alone
$(TARGET_RUNTIME_OBJ) $(PLATFORM_OBJ): | target-compiler
$(T)/libintaglio.a: $(TARGET_RUNTIME_OBJ)
	rm -f $@ && $(TARGET_CC:gcc=ar) rcs $@ $^

$(T)/runtime/%.o: runtime/%.c
	@mkdir -p $(@D)
	$(TARGET_COMPILE) $(RUNTIME_FLAGS) $(DEPFLAGS) -c -o $@ $<

$(T)/targets/%.o: targets/%.c
	@mkdir -p $(@D)
	$(TARGET_COMPILE) -std=gnu11 -O2 -Wall -Wextra -Werror $(DEPFLAGS) -c -o $@ $<

.PHONY: target-compiler
target-compiler:
	@command -v $(TARGET_CC) >/dev/null || { echo '$(TARGET_CC) is not installed; run make install-cross' >&2; exit 2; }

$(T)/sections.ld: targets/cortex-m/sections.ld targets/$(TARGET)/target.mk
	@mkdir -p $(@D)
	$(TARGET_CC) -E -P -x c $(MEMORY) -o $@ $<

# A model is always compiled anew: another DIR may hold one of the same name, older or newer.
firmware-model: target-compiler
	@test -n "$(MODEL_NAME)" || { echo 'MODEL=$(MODEL) holds no NAME_test.c; give the folder that intaglio compile wrote' >&2; exit 2; }
	@mkdir -p $(MODEL_OBJ)
	$(TARGET_COMPILE) $(EMITTED_FLAGS) -I$(MODEL) -c -o $(MODEL_OBJ)/$(MODEL_NAME).o $(MODEL)/$(MODEL_NAME).c
	$(TARGET_COMPILE) $(EMITTED_FLAGS) -I$(MODEL) -c -o $(MODEL_OBJ)/$(MODEL_NAME)_weights.o $(WEIGHTS_SRC)
	$(TARGET_COMPILE) $(EMITTED_FLAGS) -I$(MODEL) -c -o $(MODEL_OBJ)/$(MODEL_NAME)_test.o $(MODEL)/$(MODEL_NAME)_test.c
	$(TARGET_COMPILE) -std=gnu11 -O2 -Wall -Wextra -Werror -I$(MODEL) -DMODEL_HEADER='"$(MODEL_NAME).h"' -DMODEL_SELFTEST=$(MODEL_NAME)_selftest \
	    -DMODEL_FIRST=$(MODEL_NAME)_model -DMODEL_LIST=$(MODEL_NAME)_models -DMODEL_COUNT=$(MODEL_UPPER)_MODEL_COUNT \
	    -DMODEL_ARENA_BYTES=$(MODEL_UPPER)_ARENA_BYTES -c -o $(MODEL_OBJ)/selftest.o targets/firmware/selftest.c

LINK_MODEL = $(TARGET_CC) $(TARGET_FLAGS) $(TARGET_LINK) -Wl,--gc-sections -Wl,-Map,$@.map -o $@ $(filter %.o,$^) $(MODEL_OBJ)/$(MODEL_NAME).o \
    $(MODEL_OBJ)/$(MODEL_NAME)_weights.o
LINK_NEEDS = firmware-model $(T)/libintaglio.a $(PLATFORM_OBJ) $(if $(MEMORY),$(T)/sections.ld)

$(T)/$(MODEL_NAME).elf: $(LINK_NEEDS)
	$(LINK_MODEL) $(MODEL_OBJ)/$(MODEL_NAME)_test.o $(MODEL_OBJ)/selftest.o $(T)/libintaglio.a

$(T)/$(MODEL_NAME).example.elf: $(LINK_NEEDS)
	@test "$(MODEL_NAME)" = kws || { echo 'targets/example/main.c calls its model kws, not $(MODEL_NAME); compile with --name kws' >&2; exit 2; }
	$(TARGET_COMPILE) -std=c99 -O2 -Wall -Wextra -Werror -I$(MODEL) -c -o $(MODEL_OBJ)/example.o targets/example/main.c
	$(LINK_MODEL) $(MODEL_OBJ)/example.o $(T)/libintaglio.a

# Hosted targets: every kernel table against the definitions, on each of the target's CPUs. The packer comes along: both are checked as one.
ifndef MEMORY
KERNEL_CASES ?= 2000
CHECK_OBJ := $(patsubst %.c,$(T)/%.o,$(wildcard tests/kernels/*.c compiler/schedule/pack*.c) compiler/base/arena.c)
.PHONY: kernel-check
kernel-check: $(T)/kernel_check ## TARGET=T [KERNEL_CASES=N]: build/T/kernel_check under each of the target's CPUs
	set -e; $(foreach cpu,$(CPUS),echo '$(cpu):'; $(call EXEC_ON,$(cpu)) $< --cases $(KERNEL_CASES);)
EXEC_ON = $(foreach CPU,$(1),$(EXEC))
$(T)/kernel_check: $(CHECK_OBJ) $(T)/libintaglio.a
	$(TARGET_CC) $(TARGET_FLAGS) $(TARGET_LINK) -o $@ $^ -lm
$(T)/tests/%.o $(T)/compiler/%.o: COMPILER_FLAGS += -D_DEFAULT_SOURCE
$(T)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(TARGET_COMPILE) $(COMPILER_FLAGS) $(DEPFLAGS) -c -o $@ $<
$(T)/compiler/%.o: compiler/%.c
	@mkdir -p $(@D)
	$(TARGET_COMPILE) $(COMPILER_FLAGS) $(DEPFLAGS) -c -o $@ $<
-include $(CHECK_OBJ:.o=.d)
endif

-include $(TARGET_RUNTIME_OBJ:.o=.d) $(PLATFORM_OBJ:.o=.d)
endif
