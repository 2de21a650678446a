# rules.mk: builds the guest code. Included by the Makefile, which sets NASM, GUEST_CC, GUEST_CFLAGS,
# srcdir and objdir; everything goes into $(objdir)/roms.
#
#   make roms      all of it: the teaching guests, their disk and settings, the test guests, the firmware

ROMS_SRC := $(srcdir)/roms
ROMS_OUT := $(objdir)/roms
ROMS_CFLAGS = $(GUEST_CFLAGS) -std=c11 -Og -g -Wall -Wextra -Werror -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fcf-protection=none -I$(ROMS_SRC) -MMD -MP
ROMS_NASM = $(NASM) -I$(ROMS_SRC)/ -I$(ROMS_OUT)/
LAB_LINK = $(GUEST_CC) -m32 -nostdlib -static -Wl,--build-id=none -Wl,-z,norelro \
	-Wl,-T,$(ROMS_SRC)/lab/lab.ld
FLAT_OUTPUT := -Wl,--oformat=binary

# --- The teaching guests: roms/lab is the library, roms/labs the lessons --------------------------

LAB_NAMES := alpha beta
LIBRARY_C := $(wildcard $(ROMS_SRC)/lab/*.c)
LAB_SHARED_C := $(LIBRARY_C) \
	$(filter-out $(LAB_NAMES:%=$(ROMS_SRC)/labs/%.c),$(wildcard $(ROMS_SRC)/labs/*.c))
LAB_START_O := $(ROMS_OUT)/lab/start.o $(ROMS_OUT)/lab/vectors.o $(ROMS_OUT)/font/font.o
LAB_SHARED_O := $(LAB_START_O) $(LAB_SHARED_C:$(ROMS_SRC)/%.c=$(ROMS_OUT)/%.o)
# roms/experiments: one guest, one measurement a file
EXPERIMENT_O := $(LAB_START_O) $(LIBRARY_C:$(ROMS_SRC)/%.c=$(ROMS_OUT)/%.o) \
	$(patsubst $(ROMS_SRC)/%.c,$(ROMS_OUT)/%.o,$(wildcard $(ROMS_SRC)/experiments/*.c))
LAB_OUTPUTS := $(LAB_NAMES:%=$(ROMS_OUT)/%.elf) $(ROMS_OUT)/experiment.elf $(ROMS_OUT)/alpha-boot.img \
	$(ROMS_OUT)/demo.ini $(ROMS_OUT)/demo.img

$(ROMS_OUT)/%.o: $(ROMS_SRC)/%.c
	@mkdir -p $(@D)
	$(call run,GUESTCC,$(GUEST_CC) $(ROMS_CFLAGS) -c -o $@ $<)

$(ROMS_OUT)/font/%.o: $(ROMS_OUT)/font/%.c
	$(call run,GUESTCC,$(GUEST_CC) $(ROMS_CFLAGS) -c -o $@ $<)

$(ROMS_OUT)/lab/%.o: $(ROMS_SRC)/lab/%.asm
	@mkdir -p $(@D)
	$(call run,NASM,$(ROMS_NASM) -f elf32 -g -F dwarf -o $@ $<)

$(ROMS_OUT)/font/font.c: $(ROMS_SRC)/font/make-font.awk $(ROMS_SRC)/font/font.txt
	@mkdir -p $(@D)
	$(call run,FONT,awk -f $^ >$@.new && mv $@.new $@)

$(LAB_NAMES:%=$(ROMS_OUT)/%.elf): $(ROMS_OUT)/%.elf: $(ROMS_OUT)/labs/%.o $(LAB_SHARED_O) \
		$(ROMS_SRC)/lab/lab.ld
	$(call run,GUESTLD,$(LAB_LINK) -o $@ $(LAB_SHARED_O) $<)

$(ROMS_OUT)/experiment.elf: $(EXPERIMENT_O) $(ROMS_SRC)/lab/lab.ld
	$(call run,GUESTLD,$(LAB_LINK) -o $@ $(EXPERIMENT_O))

# The same kernel behind a boot sector, for a BIOS: sector 0 is boot.asm, the flat kernel follows. The
# image is filled up to four cylinders of 16 heads and 63 sectors, so that each BIOS sees that geometry.
$(ROMS_OUT)/alpha.bin: $(ROMS_OUT)/labs/alpha.o $(LAB_SHARED_O) $(ROMS_SRC)/lab/lab.ld
	$(call run,GUESTLD,$(LAB_LINK) $(FLAT_OUTPUT) -o $@ $(LAB_SHARED_O) $<)

$(ROMS_OUT)/alpha-boot.img: $(ROMS_OUT)/alpha.bin $(ROMS_SRC)/lab/boot.asm
	$(call run,NASM,$(ROMS_NASM) -f bin -DKERNEL='"$<"' -o $@ $(ROMS_SRC)/lab/boot.asm)
	@dd if=/dev/null of=$@ bs=512 seek=4032 2>/dev/null

# The disk of the demonstration: 1,000 cylinders, 16 heads, 63 sectors, nearly all of it a hole.
$(ROMS_OUT)/demo.img: $(ROMS_SRC)/labs/make-demo-disk.sh
	@mkdir -p $(@D)
	$(call run,DISK,sh $< $@)

$(ROMS_OUT)/demo.ini: $(ROMS_SRC)/labs/demo.ini $(LAB_NAMES:%=$(ROMS_OUT)/%.elf)
	@mkdir -p $(@D)
	@cp $< $@

# --- The test guests: 8 KiB each, to be loaded at 0000:7C00 or to be a disk -----------------------

TEST_GUESTS := $(patsubst $(ROMS_SRC)/tests/%.asm,$(ROMS_OUT)/tests/%.bin,$(wildcard $(ROMS_SRC)/tests/*.asm))

$(ROMS_OUT)/tests/%.bin: $(ROMS_SRC)/tests/%.asm $(wildcard $(ROMS_SRC)/tests/*.inc)
	@mkdir -p $(@D)
	$(call run,NASM,$(ROMS_NASM) -I$(ROMS_SRC)/tests/ -Wall -f bin -o $@ $<)

# --- The firmware: assembled twice, because its last byte makes the sum of all bytes 0 --------------

FIRMWARE_BIN := $(ROMS_OUT)/firmware.bin
FIRMWARE_C := $(ROMS_OUT)/firmware.c

$(ROMS_OUT)/font/font.inc: $(ROMS_SRC)/font/make-font.awk $(ROMS_SRC)/font/font.txt
	@mkdir -p $(@D)
	$(call run,FONT,awk -v form=nasm -f $^ >$@.new && mv $@.new $@)

FIRMWARE_NASM = $(ROMS_NASM) -f bin $(ROMS_SRC)/firmware/firmware.asm
FIRMWARE_SUM = od -An -v -tu1 $@.new | awk '{ for (i = 1; i <= NF; i++) sum += $$i } END { print (256 - sum % 256) % 256 }'

$(FIRMWARE_BIN): $(wildcard $(ROMS_SRC)/firmware/*) $(ROMS_OUT)/font/font.inc
	@$(FIRMWARE_NASM) -o $@.new
	$(call run,NASM,$(FIRMWARE_NASM) -DCHECKSUM=$$($(FIRMWARE_SUM)) -o $@)
	@rm -f $@.new

# The same bytes as C, for embedding: firmware_image and firmware_image_bytes become a part of
# libvitrine.a, compiled for the workstation like the emulator itself.
gen_objs += $(ROMS_OUT)/firmware.o
$(FIRMWARE_C): $(FIRMWARE_BIN) $(srcdir)/scripts/embed.awk
	$(call run,EMBED,od -An -v -tu1 $< | awk -v name=firmware_image -f $(srcdir)/scripts/embed.awk >$@.new && mv $@.new $@)

ROMS_OUTPUTS := $(LAB_OUTPUTS) $(TEST_GUESTS) $(FIRMWARE_BIN) $(FIRMWARE_C)

include $(ROMS_SRC)/bench/rules.mk
include $(ROMS_SRC)/dumps/rules.mk
include $(ROMS_SRC)/matrix/rules.mk

.PHONY: roms
roms: $(ROMS_OUTPUTS)

-include $(wildcard $(ROMS_OUT)/lab/*.d $(ROMS_OUT)/labs/*.d $(ROMS_OUT)/experiments/*.d)
