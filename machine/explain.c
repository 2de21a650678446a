/* Why the processor shut down, in words: the chain of exceptions, where each came from, which table
 * entry was at fault, and the tables it was looked up in. */
#include <stdio.h>
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

/* --- the table entry at fault ---------------------------------------------------------------------- */

enum { ERROR_IDT = 2, ERROR_LDT = 4, PAGE_PRESENT = 1, PAGE_LARGE = 0x80 };
enum { VECTOR_TS = 10, VECTOR_GP = 13, VECTOR_PF = 14 };

/* "present, DPL 0, type 8Eh" of a descriptor's upper half (SDM 3A 3.4.5, 6.11). */
static void put_descriptor(const struct machine *machine, const char *name, uint64_t linear,
                           char *text, size_t size, size_t *used)
{
    uint8_t bytes[8];
    text_append(text, size, used, "     %s at %08llx: ", name, (unsigned long long)linear);
    if (cpu_peek(machine->cpu, linear, bytes, sizeof bytes) != sizeof bytes)
        text_append(text, size, used, "no memory is there\n");
    else
        text_append(text, size, used, "%08x %08x: %s, DPL %u, type %02Xh\n",
                    (unsigned)load_le32(bytes + 4), (unsigned)load_le32(bytes),
                    bytes[5] & 0x80 ? "present" : "not present", bytes[5] >> 5 & 3u,
                    bytes[5] & 0x1Fu);
}

/* The walk without PAE (SDM 3A 4.3), down to the entry that stops it, which is found. */
static bool walk_pages(const struct machine *machine, const struct cpu_registers *r,
                       uint64_t linear, struct machine_table_entry *found, char *text, size_t size,
                       size_t *used)
{
    static const char *const NAMES[] = {"page directory", "page table"};
    uint64_t table = r->cr3 & 0xFFFFF000u;
    for (unsigned level = 0; level < 2; level++) {
        unsigned index = linear >> (level ? 12 : 22) & 0x3FF;
        uint8_t bytes[4];
        uint32_t entry;
        found->gpa = table + index * 4u;
        found->bytes = 4;
        snprintf(found->name, sizeof found->name, "%s entry %Xh", NAMES[level], index);
        if (space_peek(&machine->memory, found->gpa, bytes, sizeof bytes) != sizeof bytes) {
            text_append(text, size, used, "     %s at physical %08llx: no memory is there\n",
                        NAMES[level], (unsigned long long)table);
            return false;
        }
        entry = load_le32(bytes);
        text_append(text, size, used, "     %s at physical %08llx: %08x: %s%s%s\n", found->name,
                    (unsigned long long)found->gpa, (unsigned)entry,
                    entry & PAGE_PRESENT ? "present" : "not present",
                    !(entry & PAGE_PRESENT) ? ""
                    : entry & 2             ? ", writable"
                                            : ", read-only",
                    !(entry & PAGE_PRESENT) ? ""
                    : entry & 4             ? ", user"
                                            : ", supervisor");
        if (!(entry & PAGE_PRESENT) || (level == 0 && entry & PAGE_LARGE && r->cr4 & 0x10))
            break;
        table = entry & 0xFFFFF000u;
    }
    return true;
}

/* The entry that a record's error code names, with its words; false: none, or none in memory. The
 * tables are as the shutdown found them: nothing has run since. */
static bool find_entry(const struct machine *machine, const struct cpu_fault_record *record,
                       struct machine_table_entry *found, char *text, size_t size, size_t *used)
{
    struct cpu_registers r;
    unsigned index = record->error_code >> 3 & 0x1FFF;
    const char *table = "GDT";
    uint64_t base, linear;
    uint32_t limit;
    *found = (struct machine_table_entry){.bytes = 8};
    cpu_get_registers(machine->cpu, &r);
    if (!record->has_error || !(r.cr0 & 1))
        return false;
    if (record->vector == VECTOR_PF && !(r.cr4 & 0x20))
        return walk_pages(machine, &r, record->cr2, found, text, size, used);
    if (record->vector < VECTOR_TS || record->vector > VECTOR_GP || record->error_code < 2)
        return false; /* no selector and no vector */
    base = r.gdtr.base;
    limit = r.gdtr.limit;
    if (record->error_code & ERROR_IDT) {
        table = "IDT";
        base = r.idtr.base;
        limit = r.idtr.limit;
    } else if (record->error_code & ERROR_LDT) {
        table = "LDT";
        base = r.ldtr.base;
        limit = r.ldtr.limit;
    }
    linear = (base + index * 8u) & 0xFFFFFFFFu;
    snprintf(found->name, sizeof found->name, "%s entry %Xh", table, index);
    if (index * 8u + 7 > limit) {
        text_append(text, size, used, "     %s at %08llx: beyond the limit %04Xh\n", found->name,
                    (unsigned long long)linear, (unsigned)limit);
        return false;
    }
    put_descriptor(machine, found->name, linear, text, size, used);
    return cpu_translate(machine->cpu, linear, &found->gpa);
}

size_t machine_fault_entries(const struct machine *machine, struct machine_table_entry *entries,
                             size_t room)
{
    struct cpu_fault_record records[RECORDS_MAX];
    size_t count = cpu_fault_chain(machine->cpu, records, ARRAY_COUNT(records)), found = 0;
    for (size_t i = 0; i < count && found < room; i++) {
        size_t used = 0, same = 0;
        if (!find_entry(machine, &records[i], &entries[found], NULL, 0, &used))
            continue;
        while (same < found && entries[same].gpa != entries[found].gpa)
            same++;
        found += same == found;
    }
    return found;
}

static void put_record(const struct machine *machine, const struct cpu_fault_record *r,
                       size_t number, char *text, size_t size, size_t *used)
{
    struct machine_table_entry entry;
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
    find_entry(machine, r, &entry, text, size, used);
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
