# rules.mk: the guest that dumps registers and memory for the comparison of emulators, a disk image.
# Included by roms/rules.mk.

$(ROMS_OUT)/dumps.img: $(wildcard $(ROMS_SRC)/dumps/*.asm $(ROMS_SRC)/dumps/*.inc)
	@mkdir -p $(@D)
	$(call run,NASM,$(ROMS_NASM) -I$(ROMS_SRC)/dumps/ -Wall -f bin -o $@ $(ROMS_SRC)/dumps/dumps.asm)

ROMS_OUTPUTS += $(ROMS_OUT)/dumps.img
