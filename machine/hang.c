/* Says when a machine seems to wait for an interrupt that can't come: its processor has been at one
 * place for two virtual seconds, halted or in a small loop, has taken no interrupt, and one is
 * requested that is held back. Only looks; once until a reset. */
#include <stdio.h>

#include "base/bits.h"
#include "devices/i8259.h"
#include "devices/io_apic.h"
#include "devices/local_apic.h"
#include "machine/machine.h"

#define FLAGS_IF     0x200u
#define WINDOW_BYTES 64u
#define SECONDS      2u

/* Why each pending interrupt waits; "" when none does. */
static void put_waiting(const struct machine *machine, char *text, size_t size)
{
    struct cpu_registers r;
    size_t used = 0;
    text[0] = '\0';
    cpu_get_registers(machine->cpu, &r);
    i8259_explain_waiting(machine->pic_master, text, size, &used);
    if (machine->local_apic)
        local_apic_explain_waiting(machine->local_apic, text, size, &used);
    if (machine->io_apic)
        io_apic_explain_waiting(machine->io_apic, text, size, &used);
    if (!(r.flags & FLAGS_IF) && machine->pic_intr)
        text_append(text, size, &used,
                    "%san interrupt is signalled and the processor has them off (IF = 0)",
                    used ? "; " : "");
}

/* The masks that hold something back, and who wrote them last. */
static void say_who_masked(struct machine *machine)
{
    const struct device *pics[] = {machine->pic_master, machine->pic_slave};
    struct machine_table_entry masks[ARRAY_COUNT(pics)] = {{.bytes = 0}};
    size_t count = 0;
    char text[1024] = "";
    for (size_t i = 0; i < ARRAY_COUNT(pics); i++) {
        if (!pics[i] || !i8259_mask_holds(pics[i]))
            continue;
        masks[count].device = pics[i]->name;
        masks[count].reg = "IMR";
        snprintf(masks[count].name, sizeof masks[count].name, "the IMR at port %s",
                 i ? "A1h" : "21h");
        count++;
    }
    if (count && machine->writers)
        machine->writers(machine->writers_self, machine, masks, count, text, sizeof text);
    machine_log_lines(machine, LOG_WARNING, text);
}

static void say(struct machine *machine, uint64_t linear)
{
    char waiting[512], place[256] = "";
    put_waiting(machine, waiting, sizeof waiting);
    if (!waiting[0])
        return;
    machine->hang.is_said = true;
    if (cpu_is_halted(machine->cpu))
        linear = (linear - 1) & 0xFFFFFFFFu; /* HLT has one byte, and the processor is behind it */
    if (machine->place)
        machine->place(machine->place_self, machine, linear, place, sizeof place);
    log_line(&machine->world->log, LOG_WARNING,
             "%s: %s at %08llx%s for %u s without an interrupt; if it waits for one: %s",
             machine->name, cpu_is_halted(machine->cpu) ? "halted" : "in a loop",
             (unsigned long long)linear, place, SECONDS, waiting);
    say_who_masked(machine);
}

static void poll(void *self)
{
    struct machine *machine = self;
    struct machine_hang *hang = &machine->hang;
    struct cpu_registers r;
    uint64_t linear, instructions = cpu_instructions(machine->cpu);
    bool has_run = cpu_is_halted(machine->cpu) || instructions != hang->instructions;
    if (hang->is_said || !machine->is_running || !has_run)
        return;
    cpu_get_registers(machine->cpu, &r);
    linear = (r.segment[CPU_CS].base + r.ip) & 0xFFFFFFFFu;
    hang->instructions = instructions;
    if (linear - hang->anchor + WINDOW_BYTES / 2 >= WINDOW_BYTES ||
        hang->interrupts != machine->interrupts_taken) {
        hang->anchor = linear;
        hang->interrupts = machine->interrupts_taken;
        hang->polls = 0;
    } else if (++hang->polls == SECONDS * WORLD_POLL_HZ) {
        say(machine, linear);
        hang->polls = 0; /* what holds it back may come later */
    }
}

void machine_watch_hang(struct machine *machine)
{
    machine->hang.watcher.poll = poll;
    machine->hang.watcher.self = machine;
    world_add_watcher(machine->world, &machine->hang.watcher);
}
