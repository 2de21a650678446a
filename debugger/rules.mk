# The report's page (debugger/report) as bytes of the program: its head with the style, and its script.
REPORT_OUT := $(objdir)/debugger
$(REPORT_OUT)/report_head.c: $(srcdir)/debugger/report/page.html $(srcdir)/scripts/embed.awk
$(REPORT_OUT)/report_script.c: $(wildcard $(srcdir)/debugger/report/*.js) $(srcdir)/scripts/embed.awk
$(REPORT_OUT)/report_%.c:
	@mkdir -p $(@D)
	$(call run,EMBED,cat $(filter-out %.awk,$^) | od -An -v -tu1 | awk -v name=report_$* -f $(srcdir)/scripts/embed.awk >$@.new && mv $@.new $@)

gen_objs += $(REPORT_OUT)/report_head.o $(REPORT_OUT)/report_script.o
