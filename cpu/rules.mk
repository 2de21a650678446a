# Handlers by register serve small loops, where a dispatch is a cycle or two and shows how a handler lies in the
# first-level cache. The general ones serve large code and stay dense.
aligned_handlers = -falign-functions=32
of_hot_blocks := $(patsubst $(srcdir)/cpu/%.c,%,$(wildcard $(srcdir)/cpu/ops_registers_*.c $(srcdir)/cpu/ops_chains_*.c)) \
    ops_carries ops_guesses ops_guesses_8 ops_forwarding
$(of_hot_blocks:%=$(objdir)/cpu/%.o): all_cflags += $(aligned_handlers)

# Programs for measurement, each with one technique of the interpreter left out (techniques.h):
# make obj/without/fusion/vitrine, or all of them: make techniques. The objects that a switch concerns
# are linked in front of the library, which has the rest.

handlers := $(patsubst $(srcdir)/cpu/%.c,%,$(wildcard $(srcdir)/cpu/ops*.c $(srcdir)/cpu/track*.c))

# without NAME,SWITCH,SOURCES
define without
$(patsubst %,$(objdir)/without/$(1)/%.o,$(of_hot_blocks)): all_cflags += $(aligned_handlers)
techniques: $(objdir)/without/$(1)/vitrine
$(objdir)/without/$(1)/vitrine: $(main_obj) $(3:%=$(objdir)/without/$(1)/%.o) libvitrine.a
	$$(call run,LD,$$(CC) $$(all_ldflags) -o $$@ $$^ $$(lib_libs) -lpthread -lm)
$(3:%=$(objdir)/without/$(1)/%.o): $(objdir)/without/$(1)/%.o: $(srcdir)/cpu/%.c config.h | libvitrine.a
	@mkdir -p $$(@D)
	$$(call run,CC,$$(CC) $$(all_cflags) -DTECHNIQUE_$(2)=0 -MMD -MP -c -o $$@ $$<)
-include $(3:%=$(objdir)/without/$(1)/%.d)
endef

.PHONY: techniques
$(eval $(call without,blocks,BLOCKS,build))
$(eval $(call without,specialised,SPECIALISED,build))
$(eval $(call without,registers,REGISTERS,heat))
$(eval $(call without,chains,CHAINS,heat))
$(eval $(call without,forwarding,FORWARDING,heat))
$(eval $(call without,guesses,GUESSES,heat))
$(eval $(call without,tail-calls,TAIL_CALLS,run heat $(handlers)))
$(eval $(call without,tracks,TRACKS,heat))
$(eval $(call without,fusion,FUSION,emit))
$(eval $(call without,pairs,PAIRS,build))
$(eval $(call without,lazy-flags,LAZY_FLAGS,$(handlers)))
$(eval $(call without,dead-flags,DEAD_FLAGS,build))
$(eval $(call without,links,LINKS,run))
$(eval $(call without,jump-cache,JUMP_CACHE,run))
$(eval $(call without,returns,RETURNS,run $(handlers)))
$(eval $(call without,tlb,TLB,memory tlb))
$(eval $(call without,code-lines,CODE_LINES,pool pool_writes))
$(eval $(call without,patching,PATCHING,pool_writes))
$(eval $(call without,ports,PORTS,emit))
