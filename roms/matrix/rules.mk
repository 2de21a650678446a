# rules.mk: the guest of attempts by the thousand, matrix.img, a disk with lab/boot.asm in front. Included by
# roms/rules.mk.

MATRIX_OUT := $(ROMS_OUT)/matrix
MATRIX_O := $(ROMS_OUT)/lab/start.o $(MATRIX_OUT)/entry.o \
	$(patsubst $(ROMS_SRC)/matrix/%.c,$(MATRIX_OUT)/%.o,$(wildcard $(ROMS_SRC)/matrix/*.c))

$(MATRIX_OUT)/%.o: $(ROMS_SRC)/matrix/%.asm
	@mkdir -p $(@D)
	$(call run,NASM,$(NASM) -f elf32 -o $@ $<)

$(MATRIX_OUT)/matrix.bin: $(MATRIX_O) $(ROMS_SRC)/lab/lab.ld
	$(call run,GUESTLD,$(LAB_LINK) $(FLAT_OUTPUT) -o $@ $(MATRIX_O))

$(ROMS_OUT)/matrix.img: $(MATRIX_OUT)/matrix.bin $(ROMS_SRC)/lab/boot.asm
	$(call run,NASM,$(ROMS_NASM) -f bin -DKERNEL='"$<"' -o $@ $(ROMS_SRC)/lab/boot.asm)
	@dd if=/dev/null of=$@ bs=512 seek=1008 2>/dev/null

ROMS_OUTPUTS += $(ROMS_OUT)/matrix.img
-include $(wildcard $(MATRIX_OUT)/*.d)
