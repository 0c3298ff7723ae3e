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

# SANITIZE=1: everything again with address and undefined-behaviour checks, under build/asan.
ifdef SANITIZE
H := $(BUILD)/asan
SANITIZER_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
RUNTIME_FLAGS += $(SANITIZER_FLAGS) -g
COMPILER_FLAGS += $(SANITIZER_FLAGS)
LDFLAGS += $(SANITIZER_FLAGS)
endif

# FUZZ=1: once more for clang's libFuzzer, under build/fuzz.
ifdef FUZZ
H := $(BUILD)/fuzz
CC := clang
SANITIZER_FLAGS := -fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow -fno-sanitize-recover=all -fno-omit-frame-pointer -g
# Comparisons are watched where files and options are read; in the other phases that takes a third of the time and finds nothing.
UNWATCHED := -fno-sanitize-coverage=trace-cmp
RUNTIME_FLAGS += $(SANITIZER_FLAGS) $(UNWATCHED) -w
COMPILER_FLAGS += $(SANITIZER_FLAGS) -w
$(addprefix $(H)/compiler/,$(addsuffix /%.o,graph lower reference ops quantize refine schedule emit)): COMPILER_FLAGS += $(UNWATCHED)
LDFLAGS += $(SANITIZER_FLAGS)
endif

RUNTIME_SRC := $(wildcard runtime/*.c runtime/ops/*.c runtime/kernels/scalar/*.c)
# Kernel folders of the host's architecture, each compiled for its own instructions alone.
HOST_ARCH := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null)))
ISA_x86_64 := sse41 avx2 avxvnni avx512vnni amx
ISA_aarch64 := neon dotprod i8mm
ISA_arm := neon32
ISA_FLAGS_neon32 := -mfpu=neon
ISA_FLAGS_dotprod := -march=armv8.2-a+dotprod
ISA_FLAGS_i8mm := -march=armv8.2-a+dotprod+i8mm
ISA_FLAGS_sse41 := -msse4.1
ISA_FLAGS_avx2 := -mavx2
ISA_FLAGS_avxvnni := -mavx2
ISA_FLAGS_avx512vnni := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni
ISA_FLAGS_amx := $(ISA_FLAGS_avx512vnni) -mamx-tile -mamx-int8
# What an architecture takes from another one's folder.
ISA_SHARED_arm := runtime/kernels/neon/elementwise.c runtime/kernels/neon/normalize.c runtime/kernels/neon/pool.c
RUNTIME_SRC += $(wildcard $(ISA_$(HOST_ARCH):%=runtime/kernels/%/*.c)) $(ISA_SHARED_$(HOST_ARCH))
HOSTED_SRC := $(wildcard runtime/host/*.c)
COMPILER_SRC := $(wildcard compiler/*.c compiler/*/*.c)
CLI_SRC := $(wildcard tools/*.c tools/cli/*.c)
RUNTIME_OBJ := $(RUNTIME_SRC:%.c=$(H)/%.o) $(HOSTED_SRC:%.c=$(H)/%.o)
COMPILER_OBJ := $(COMPILER_SRC:%.c=$(H)/%.o) $(H)/gen/onnx.pb-c.o
CLI_OBJ := $(CLI_SRC:%.c=$(H)/%.o)

TEST_SRC := $(wildcard tests/unit/*/*_test.c tests/ops/*_test.c)
TEST_BIN := $(TEST_SRC:%.c=$(H)/%)

.PHONY: all tools unit-tests
all: tools ## the host tools and quick tests, in seconds
	@BUILD=$(BUILD) tests/run_tests.sh quick
tools: $(H)/intaglio $(H)/libintaglio.a
unit-tests: $(TEST_BIN)

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

# Tests are one executable a file; they use cmocka and may include anything.
$(H)/tests/%_test: tests/%_test.c $(H)/libintagliocompiler.a $(H)/libintaglio.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(COMPILER_FLAGS) $(DEPFLAGS) $(LDFLAGS) -o $@ $< $(H)/libintagliocompiler.a $(H)/libintaglio.a -lcmocka $(TOOL_LIBS)

# Fuzz targets: FUZZ=1 links each with libFuzzer; without it a driver replays the corpus through the same code.
FUZZ_TARGETS := import graph options samples
FUZZ_SHARED := $(addprefix tests/fuzz/,pipeline.c floats.c generator.c patterns.c values.c windows.c)
FUZZ_LIBS = $(filter-out $(H)/tools/intaglio.o,$(CLI_OBJ)) $(H)/libintagliocompiler.a $(H)/libintaglio.a
.PHONY: fuzzers replays
fuzzers: $(FUZZ_TARGETS:%=$(H)/%_fuzzer)
replays: $(FUZZ_TARGETS:%=$(H)/%_replay) $(H)/make_corpus

$(H)/%_fuzzer: tests/fuzz/%_fuzzer.c $(FUZZ_SHARED) $(wildcard tests/fuzz/*.h) $(FUZZ_LIBS)
	$(CC) $(CPPFLAGS) $(COMPILER_FLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.c %.o %.a,$^) $(TOOL_LIBS)
$(H)/graph_fuzzer: tests/fuzz/graph_mutator.c
$(H)/%_replay: tests/fuzz/%_fuzzer.c tests/fuzz/replay.c $(FUZZ_SHARED) $(wildcard tests/fuzz/*.h) $(FUZZ_LIBS)
	$(CC) $(CPPFLAGS) $(COMPILER_FLAGS) $(LDFLAGS) -o $@ $(filter %.c %.o %.a,$^) $(TOOL_LIBS)
$(H)/make_corpus: tests/fuzz/make_corpus.c $(FUZZ_SHARED) $(wildcard tests/fuzz/*.h) $(FUZZ_LIBS)
	$(CC) $(CPPFLAGS) $(COMPILER_FLAGS) $(LDFLAGS) -o $@ $(filter %.c %.o %.a,$^) $(TOOL_LIBS)

# The files of tests/errors/run.sh.
$(H)/write_bad_models: $(wildcard tests/errors/*.[ch]) $(H)/libintagliocompiler.a $(H)/libintaglio.a
	$(CC) $(CPPFLAGS) $(COMPILER_FLAGS) $(LDFLAGS) -o $@ $(filter %.c %.a,$^) $(TOOL_LIBS)

.PHONY: install install-cross demo test bench peers instructions size lint lint-clang lint-symbols lint-recursion lint-kernels format golden crosscheck accuracy spread effects zoo zoo-check matrix errors-table fuzz clean
install:
	@tools/install_deps.sh build
install-cross:
	@tools/install_deps.sh build cross

demo: ## builds all, compiles the demo model and classifies real pictures with it
	@tools/demo.sh

# The TARGET form runs one target's set alone.
ifdef TARGET
test: install-cross
	@$(MAKE) --no-print-directory TARGET= tools
	BUILD=$(BUILD) tests/targets/run_target.sh $(TARGET)
else
test: install-cross ## every test, with one summary line; TARGET=T: one target's under its emulator
	@BUILD=$(BUILD) tests/run_tests.sh full
endif

bench: tools $(H)/kernel_check ## rewrites docs/performance.md: kernels and models on this machine, with share of the table's peak
	@BUILD=$(BUILD) tools/bench_report.sh

peers: tools ## rewrites docs/performance.md: OpenVINO and ONNX Runtime beside intaglio, on an idle machine; resumes where it stopped (needs PyPI)
	@BUILD=$(BUILD) tools/write_section.sh docs/performance.md peers tools/peers.sh

instructions: tools ## rewrites docs/performance.md: instructions of one inference on Arm, under an emulator, and the inner loops' bounds
	@BUILD=$(BUILD) tools/write_section.sh docs/performance.md instructions tools/count_instructions.sh
	@$(MAKE) -s BUILD=$(BUILD) TARGET=linux-aarch64 target-runtime
	@BUILD=$(BUILD) tools/write_section.sh docs/performance.md loops tools/loop_bounds.sh

size: tools ## flash and RAM of each target and model, with the difference to the last run
	@BUILD=$(BUILD) tools/size_report.sh

lint: ## layout, layers, symbols, recursion, headers, ops table, lengths, error codes, README example and op table, plan version
	@BUILD=$(BUILD) tools/lint.sh
# Hosted targets of other architectures too, where their compilers are installed.
OTHER_LINUX = $(foreach target,linux-aarch64 linux-armv7,$(if $(shell command -v $(shell sed -n 's/^TARGET_CC *:= *//p' targets/$(target)/target.mk)),$(target)))
lint-kernels: $(RUNTIME_OBJ)
	@$(foreach target,$(OTHER_LINUX),$(MAKE) -s TARGET=$(target) target-runtime && )tools/check_kernels.sh \
	    $(wildcard $(addprefix $(H)/runtime/kernels/,$(addsuffix /*.o,scalar $(ISA_$(HOST_ARCH))))) $(OTHER_LINUX:%=$(BUILD)/%/runtime/kernels/*/*.o)
# The fuzzers are built by clang, and it reads inline assembly otherwise than GCC does.
lint-clang:
	@command -v clang >/dev/null || { echo "no clang here, not checked"; exit 0; }; \
	    $(foreach isa,scalar $(ISA_$(HOST_ARCH)),for file in runtime/kernels/$(isa)/*.c; do \
	    clang $(CPPFLAGS) -std=c99 -w $(ISA_FLAGS_$(isa)) -fsyntax-only $$file || exit 1; done;)
lint-recursion: $(RUNTIME_OBJ) $(COMPILER_OBJ) $(CLI_OBJ)
	@tools/check_recursion.sh $(filter-out $(H)/gen/%,$^)
lint-symbols: $(RUNTIME_OBJ)
	@tools/check_symbols.sh $(filter-out $(H)/runtime/host/%,$(RUNTIME_OBJ))

format: ## clang-format over the tree
	clang-format -i $$(git ls-files '*.c' '*.h')

golden: tools unit-tests ## UPDATE=1 rewrites expected files; review them as a diff
	@BUILD=$(BUILD) UPDATE=$(UPDATE) tests/run_tests.sh golden

crosscheck: tools ## float and op tests against ONNX Runtime and onnx in a virtual environment
	@BUILD=$(BUILD) tools/crosscheck.sh

accuracy: tools ## rewrites docs/accuracy.md from eval on the shared models
	@BUILD=$(BUILD) tools/accuracy.sh

spread: tools ## rewrites the table of docs/accuracy.md on which samples calibrate; an hour
	@BUILD=$(BUILD) tools/calibration_spread.sh

effects: tools ## rewrites the table of docs/accuracy.md on what each quantization step is worth; an hour
	@BUILD=$(BUILD) tools/step_effects.sh

zoo: ## exports the user models and the coverage models into build/zoo: hours; resumes where it stopped (needs PyPI)
	@BUILD=$(BUILD) tools/venv.sh
	$(BUILD)/venv/bin/python tools/zoo/export.py --output $(BUILD)/zoo
	$(BUILD)/venv/bin/python tools/zoo/coverage.py --output $(BUILD)/zoo

zoo-check: tools ## floats of every model of build/zoo against ONNX Runtime's; rewrites docs/coverage.md; resumes where it stopped
	@BUILD=$(BUILD) tools/venv.sh
	@status=0; $(BUILD)/venv/bin/python tools/zoo/check_zoo.py --zoo $(BUILD)/zoo --intaglio $(H)/intaglio || status=1; \
	tools/write_section.sh docs/coverage.md coverage $(BUILD)/venv/bin/python tools/zoo/report.py --zoo $(BUILD)/zoo; exit $$status

matrix: tools ## rewrites the op table of README.md
	@tools/write_section.sh README.md matrix $(H)/intaglio targets --matrix

errors-table: ## rewrites the tables of docs/errors.md from compiler/base/codes.inc
	@tools/write_section.sh docs/errors.md codes tools/errors_table.sh

fuzz: ## SECONDS=N: every fuzz target with sanitizers
	@BUILD=$(BUILD) tests/fuzz/run.sh $(or $(SECONDS),60)

clean: ## removes what was built for the host; other targets' folders stay
	rm -rf $(H)

.PHONY: help
help: ## this list
	@grep -hE '^[a-zA-Z_-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

-include $(RUNTIME_OBJ:.o=.d) $(COMPILER_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(TEST_BIN:%=%.d)

include targets/firmware.mk
