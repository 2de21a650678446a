# The report's page (debugger/report) as bytes of the program: its head with the style, and its script.
REPORT_OUT := $(objdir)/debugger
$(REPORT_OUT)/report_head.c: $(srcdir)/debugger/report/page.html $(srcdir)/scripts/embed.awk
$(REPORT_OUT)/report_script.c: $(wildcard $(srcdir)/debugger/report/*.js) $(srcdir)/scripts/embed.awk
$(REPORT_OUT)/report_%.c:
	@mkdir -p $(@D)
	$(call run,EMBED,cat $(filter-out %.awk,$^) | od -An -v -tu1 | awk -v name=report_$* -f $(srcdir)/scripts/embed.awk >$@.new && mv $@.new $@)

gen_objs += $(REPORT_OUT)/report_head.o $(REPORT_OUT)/report_script.o

# The program without the door's looking (DOOR_IS_BUILT in bus/door.h), for tests/bench/trace-off.sh: the objects
# that it concerns are linked in front of the library, which has the rest.
without_trace := $(patsubst $(srcdir)/%.c,$(objdir)/without/trace/%.o,$(wildcard $(addprefix $(srcdir)/,bus/*.c devices/*.c \
    machine/*.c hypervisor/*.c)))
$(objdir)/without/trace/vitrine: $(main_obj) $(without_trace) libvitrine.a
	$(call run,LD,$(CC) $(all_ldflags) -o $@ $^ $(lib_libs) -lpthread -lm)
$(without_trace): $(objdir)/without/trace/%.o: $(srcdir)/%.c config.h | libvitrine.a
	@mkdir -p $(@D)
	$(call run,CC,$(CC) $(all_cflags) -DDOOR_IS_BUILT=0 -MMD -MP -c -o $@ $<)
-include $(without_trace:.o=.d)
