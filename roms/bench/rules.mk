# rules.mk: the benchmark guest, bench.elf (multiboot) and bench.img (a disk with lab/boot.asm in front;
# the harness replaces the command line in it). Included by roms/rules.mk.

BENCH_OUT := $(ROMS_OUT)/bench
BENCH_CFLAGS = $(GUEST_CFLAGS) -march=i686 -mfpmath=387 -O2 -fno-tree-loop-distribute-patterns \
	-fno-tree-vectorize -Wall -Wextra -Werror -MMD -MP
BENCH_SSE2 := -march=pentium4 -msse2 -mfpmath=sse
BENCH_O := $(BENCH_OUT)/start.o $(BENCH_OUT)/kernels.o $(BENCH_OUT)/float_sse.o \
	$(patsubst $(ROMS_SRC)/bench/%.c,$(BENCH_OUT)/%.o,$(wildcard $(ROMS_SRC)/bench/*.c))
BENCH_LINK = $(GUEST_CC) -m32 -nostdlib -static -Wl,--build-id=none -Wl,-z,norelro \
	-Wl,-T,$(ROMS_SRC)/bench/bench.ld

$(BENCH_OUT)/%.o: $(ROMS_SRC)/bench/%.c
	@mkdir -p $(@D)
	$(call run,GUESTCC,$(GUEST_CC) $(BENCH_CFLAGS) -c -o $@ $<)

$(BENCH_OUT)/sse.o: BENCH_CFLAGS += $(BENCH_SSE2)
$(BENCH_OUT)/float_sse.o: $(ROMS_SRC)/bench/float.c
	@mkdir -p $(@D)
	$(call run,GUESTCC,$(GUEST_CC) $(BENCH_CFLAGS) $(BENCH_SSE2) -c -o $@ $<)

$(BENCH_OUT)/real.bin: $(ROMS_SRC)/bench/real.asm
	@mkdir -p $(@D)
	$(call run,NASM,$(NASM) -f bin -o $@ $<)

$(BENCH_OUT)/start.o: $(BENCH_OUT)/real.bin
$(BENCH_OUT)/%.o: $(ROMS_SRC)/bench/%.asm
	@mkdir -p $(@D)
	$(call run,NASM,$(NASM) -f elf32 -DREAL_BIN='"$(BENCH_OUT)/real.bin"' -o $@ $<)

$(ROMS_OUT)/bench.elf: $(BENCH_O) $(ROMS_SRC)/bench/bench.ld
	$(call run,GUESTLD,$(BENCH_LINK) -o $@ $(BENCH_O))

$(BENCH_OUT)/bench.bin: $(BENCH_O) $(ROMS_SRC)/bench/bench.ld
	$(call run,GUESTLD,$(BENCH_LINK) $(FLAT_OUTPUT) -o $@ $(BENCH_O))

$(ROMS_OUT)/bench.img: $(BENCH_OUT)/bench.bin $(ROMS_SRC)/lab/boot.asm
	$(call run,NASM,$(ROMS_NASM) -f bin -DKERNEL='"$<"' -DCOMMAND_LINE='"kernel=none     units=0         "' \
	    -o $@ $(ROMS_SRC)/lab/boot.asm)
	@dd if=/dev/null of=$@ bs=512 seek=4032 2>/dev/null

ROMS_OUTPUTS += $(ROMS_OUT)/bench.elf $(ROMS_OUT)/bench.img
-include $(wildcard $(BENCH_OUT)/*.d)
