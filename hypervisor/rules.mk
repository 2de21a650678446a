# The text font of the teaching guests (roms/font) also labels the windows of the host's display.
$(objdir)/hypervisor/font_8x16.c: $(srcdir)/roms/font/make-font.awk $(srcdir)/roms/font/font.txt
	@mkdir -p $(@D)
	$(call run,FONT,awk -f $^ | sed 's|^#include .*|#include "hypervisor/font.h"|' >$@.new && mv $@.new $@)

gen_objs += $(objdir)/hypervisor/font_8x16.o
