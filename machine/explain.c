/* Why the processor shut down, in words: the chain of exceptions, where each came from, which table
 * entry was at fault, and the tables it was looked up in. */
#include <string.h>

#include "base/bits.h"
#include "machine/machine.h"

#define RECORDS_MAX 8

static const char *exception_name(unsigned vector)
{
    static const char *const NAMES[] = {"#DE divide error",
                                        "#DB debug",
                                        "NMI",
                                        "#BP breakpoint",
                                        "#OF overflow",
                                        "#BR bound range",
                                        "#UD invalid opcode",
                                        "#NM no coprocessor",
                                        "#DF double fault",
                                        "coprocessor overrun",
                                        "#TS invalid TSS",
                                        "#NP segment not present",
                                        "#SS stack fault",
                                        "#GP general protection",
                                        "#PF page fault",
                                        "exception 15",
                                        "#MF floating point",
                                        "#AC alignment check",
                                        "#MC machine check",
                                        "#XM SIMD floating point"};
    return vector < ARRAY_COUNT(NAMES) ? NAMES[vector] : "interrupt";
}

static void put_record(const struct machine *machine, const struct cpu_fault_record *r,
                       size_t number, char *text, size_t size, size_t *used)
{
    char place[256] = "";
    if (machine->place)
        machine->place(machine->place_self, machine, r->linear, place, sizeof place);
    text_append(text, size, used, "  %zu. %s%s", number,
                number > 1 ? "while that was delivered: " : "", exception_name(r->vector));
    if (r->has_error)
        text_append(text, size, used, ", error %04x", (unsigned)r->error_code);
    if (r->vector == 14)
        text_append(text, size, used, ", address %08llx", (unsigned long long)r->cr2);
    text_append(text, size, used, ", at %04x:%08llx%s\n     %s\n", r->cs, (unsigned long long)r->ip,
                place, r->cause);
}

static void put_tables(const struct machine *machine, char *text, size_t size, size_t *used)
{
    struct cpu_registers r;
    cpu_get_registers(machine->cpu, &r);
    text_append(text, size, used,
                "  idtr %08llx limit %04x, gdtr %08llx limit %04x, cr0 %08llx, cr3 "
                "%08llx, ss:esp %04x:%08llx, tr %04x\n",
                (unsigned long long)r.idtr.base, (unsigned)r.idtr.limit,
                (unsigned long long)r.gdtr.base, (unsigned)r.gdtr.limit, (unsigned long long)r.cr0,
                (unsigned long long)r.cr3, r.segment[CPU_SS].selector,
                (unsigned long long)r.gpr[CPU_SP], r.tr.selector);
}

void machine_explain_shutdown(const struct machine *machine, char *text, size_t size)
{
    struct cpu_fault_record records[RECORDS_MAX];
    size_t count = cpu_fault_chain(machine->cpu, records, ARRAY_COUNT(records)), used = 0;
    if (size)
        text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        put_record(machine, &records[i], i + 1, text, size, &used);
    put_tables(machine, text, size, &used);
}
