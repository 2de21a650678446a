/* Commands of the monitor that only look: registers, memory, code, devices. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "debugger/card.h"
#include "debugger/disassemble.h"
#include "debugger/monitor_internal.h"
#include "debugger/symbols.h"
#include "debugger/trace.h"
#include "machine/machine.h"

#define EXAMINE_MAX 4096u /* units of one command */
#define LIST_MAX    1024u
#define FRAMES_MAX  64u /* of a backtrace */
#define STRING_MAX  256u

static struct cpu *cpu_of(const struct monitor *monitor)
{
    return monitor->engine.machine->cpu;
}

/* --- info --------------------------------------------------------------------------------------------------- */

static void flags_text(uint64_t flags, char *text, size_t size)
{
    static const struct {
        const char *name;
        unsigned bit;
    } BITS[] = {
        {"CF",  0 },
        {"PF",  2 },
        {"AF",  4 },
        {"ZF",  6 },
        {"SF",  7 },
        {"TF",  8 },
        {"IF",  9 },
        {"DF",  10},
        {"OF",  11},
        {"NT",  14},
        {"RF",  16},
        {"VM",  17},
        {"AC",  18},
        {"VIF", 19},
        {"VIP", 20},
        {"ID",  21}
    };
    size_t used = 0;
    text_append(text, size, &used, "IOPL=%u", (unsigned)(flags >> 12 & 3));
    for (size_t i = 0; i < ARRAY_COUNT(BITS); i++)
        if (flags >> BITS[i].bit & 1)
            text_append(text, size, &used, " %s", BITS[i].name);
}

static void info_registers(struct monitor *monitor)
{
    static const unsigned ORDER[] = {CPU_AX, CPU_BX, CPU_CX, CPU_DX,
                                     CPU_SI, CPU_DI, CPU_BP, CPU_SP};
    static const char *const NAMES[] = {"eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp"};
    struct cpu_registers r;
    char flags[128];
    cpu_get_registers(cpu_of(monitor), &r);
    for (unsigned i = 0; i < 8; i++)
        monitor_print(monitor, "%s %08x%s", NAMES[i], (unsigned)r.gpr[ORDER[i]],
                      i % 4 == 3 ? "\n" : "  ");
    flags_text(r.flags, flags, sizeof flags);
    monitor_print(monitor, "eip %08x  eflags %08x  %s\n", (unsigned)r.ip, (unsigned)r.flags, flags);
    monitor_print(monitor, "cs %04x  ss %04x  ds %04x  es %04x  fs %04x  gs %04x\n",
                  r.segment[CPU_CS].selector, r.segment[CPU_SS].selector,
                  r.segment[CPU_DS].selector, r.segment[CPU_ES].selector,
                  r.segment[CPU_FS].selector, r.segment[CPU_GS].selector);
}

static void print_segment(struct monitor *monitor, const char *name, const struct cpu_segment *s)
{
    unsigned a = s->attributes;
    monitor_print(monitor, "%-4s %04x  base %08x  limit %08x  %s type %x dpl %u %s%s\n", name,
                  s->selector, (unsigned)s->base, (unsigned)s->limit,
                  a & 0x10 ? "code/data" : "system", a & 15u, a >> 5 & 3u,
                  a & 0x80 ? "present" : "absent", a & 0x400 ? " 32-bit" : "");
}

static void info_segments(struct monitor *monitor)
{
    static const char *const NAMES[6] = {"es", "cs", "ss", "ds", "fs", "gs"};
    struct cpu_registers r;
    cpu_get_registers(cpu_of(monitor), &r);
    for (unsigned i = 0; i < 6; i++)
        print_segment(monitor, NAMES[i], &r.segment[i]);
    print_segment(monitor, "ldtr", &r.ldtr);
    print_segment(monitor, "tr", &r.tr);
    monitor_print(monitor, "gdtr base %08x limit %04x\nidtr base %08x limit %04x\n",
                  (unsigned)r.gdtr.base, (unsigned)r.gdtr.limit, (unsigned)r.idtr.base,
                  (unsigned)r.idtr.limit);
}

static void info_control(struct monitor *monitor)
{
    struct cpu_registers r;
    cpu_get_registers(cpu_of(monitor), &r);
    monitor_print(monitor,
                  "cr0 %08x %s%s%s%s\ncr2 %08x (address of the last page fault)\n"
                  "cr3 %08x (page directory)\ncr4 %08x\ncpl %u\n",
                  (unsigned)r.cr0, r.cr0 & 1 ? "protected" : "real",
                  r.cr0 >> 31 & 1 ? ", paging" : "", r.cr0 >> 16 & 1 ? ", WP" : "",
                  r.cr0 >> 3 & 1 ? ", TS" : "", (unsigned)r.cr2, (unsigned)r.cr3, (unsigned)r.cr4,
                  cpu_privilege(cpu_of(monitor)));
}

static void info_points(struct monitor *monitor)
{
    static const char *const KINDS[] = {"break", "watch (write)", "watch (read)", "watch (access)"};
    const struct engine *engine = &monitor->engine;
    if (engine->point_count == 0)
        monitor_print(monitor, "no breakpoints and no watchpoints\n");
    for (size_t i = 0; i < engine->point_count; i++) {
        const struct engine_point *point = &engine->points[i];
        char symbol[128];
        symbols_text(monitor->options.symbols, point->address, symbol, sizeof symbol);
        monitor_print(monitor, "%d  %-14s %s%08llx%s, %llu bytes, hit %llu times%s\n",
                      point->number, KINDS[point->kind], point->is_physical ? "phys:" : "",
                      (unsigned long long)point->address, symbol, (unsigned long long)point->length,
                      (unsigned long long)point->hits, point->is_temporary ? ", once" : "");
    }
}

static void info_time(struct monitor *monitor)
{
    const struct world *world = monitor->engine.world;
    monitor_print(monitor, "%llu instructions of the host, %llu ns; %llu of this CPU\n",
                  (unsigned long long)world->timeline.now,
                  (unsigned long long)timeline_ns(&world->timeline, world->timeline.now),
                  (unsigned long long)cpu_instructions(cpu_of(monitor)));
}

static void info_devices(struct monitor *monitor)
{
    card_list(monitor->engine.machine, monitor->text, sizeof monitor->text);
    monitor_print(monitor, "%s", monitor->text);
}

/* info line [ADDRESS]: symbol and source line of an instruction. */
static void info_line(struct monitor *monitor, const struct monitor_words *words)
{
    struct cpu_registers r;
    char place[256];
    uint64_t address;
    cpu_get_registers(cpu_of(monitor), &r);
    address = monitor_linear_ip(&r);
    if (words->count > 2 && !monitor_address(monitor, words->words[2], &address))
        return;
    symbols_code_text(monitor->options.symbols, address, place, sizeof place);
    monitor_print(monitor, "%08llx%s\n", (unsigned long long)address, place);
}

void monitor_info(struct monitor *monitor, const struct monitor_words *words)
{
    static const struct {
        const char *name;
        void (*run)(struct monitor *monitor);
    } TOPICS[] = {
        {"registers",   info_registers},
        {"segments",    info_segments },
        {"cr",          info_control  },
        {"breakpoints", info_points   },
        {"devices",     info_devices  },
        {"time",        info_time     }
    };
    size_t length = words->count > 1 ? strlen(words->words[1]) : 0;
    if (length && strncmp("line", words->words[1], length) == 0) {
        info_line(monitor, words);
        return;
    }
    for (size_t i = 0; length && i < ARRAY_COUNT(TOPICS); i++)
        if (strncmp(TOPICS[i].name, words->words[1], length) == 0) {
            TOPICS[i].run(monitor);
            return;
        }
    monitor_print(monitor, "info registers, segments, cr, breakpoints, devices, time or line\n");
}

void monitor_device(struct monitor *monitor, const struct monitor_words *words)
{
    const struct machine *machine = monitor->engine.machine;
    const struct device *device;
    monitor->text[0] = '\0';
    if (words->count < 2)
        card_list(machine, monitor->text, sizeof monitor->text);
    else if ((device = card_find(machine, words->words[1], monitor->text, sizeof monitor->text)) !=
             NULL)
        card_show(device, monitor->text, sizeof monitor->text);
    monitor_print(monitor, "%s", monitor->text);
}

/* --- memory ------------------------------------------------------------------------------------------------- */

struct examine_format {
    uint64_t count;
    char letter;    /* x d u c s i */
    unsigned bytes; /* of a unit */
};

/* "10xw": a count, a letter, a size (b, h or w), as gdb writes them. */
static bool parse_format(struct monitor *monitor, const char *text, struct examine_format *format)
{
    char *end;
    *format = (struct examine_format){1, 'x', 4};
    if (isdigit((unsigned char)*text)) {
        format->count = strtoull(text, &end, 10);
        text = end;
    }
    for (; *text; text++) {
        if (strchr("xduci", *text))
            format->letter = *text;
        else if (*text == 's')
            format->letter = 's';
        else if (*text == 'b' || *text == 'h' || *text == 'w')
            format->bytes = *text == 'b' ? 1 : *text == 'h' ? 2 : 4;
        else
            break;
        if (*text == 'c')
            format->bytes = 1;
    }
    if (*text == '\0' && format->count >= 1 && format->count <= EXAMINE_MAX)
        return true;
    monitor_print(monitor,
                  "x/ takes 1 to %u, one of x d u c s i, and one of b h w: x/16xb 0x7c00\n",
                  EXAMINE_MAX);
    return false;
}

static void print_unit(struct monitor *monitor, const struct examine_format *format, uint64_t value)
{
    unsigned bits = 8 * format->bytes;
    uint64_t sign = (uint64_t)1 << (bits - 1);
    switch (format->letter) {
    case 'd': monitor_print(monitor, " %lld", (long long)((value ^ sign) - sign)); break;
    case 'u': monitor_print(monitor, " %llu", (unsigned long long)value); break;
    case 'c':
        monitor_print(monitor, value >= 32 && value < 127 ? " '%c'" : " %02x", (int)value);
        break;
    default:
        monitor_print(monitor, " %0*llx", (int)(2 * format->bytes), (unsigned long long)value);
        break;
    }
}

static uint64_t examine_units(struct monitor *monitor, const struct examine_format *format,
                              uint64_t address)
{
    uint64_t a_line = 16 / format->bytes;
    for (uint64_t i = 0; i < format->count; i++, address += format->bytes) {
        uint8_t bytes[8];
        if (i % a_line == 0)
            monitor_print(monitor, "%s%08llx:", i ? "\n" : "", (unsigned long long)address);
        if (cpu_peek(cpu_of(monitor), address, bytes, format->bytes) != format->bytes) {
            monitor_print(monitor, " (no memory)");
            break;
        }
        print_unit(monitor, format, load_le(bytes, format->bytes));
    }
    monitor_print(monitor, "\n");
    return address;
}

static uint64_t examine_strings(struct monitor *monitor, uint64_t count, uint64_t address)
{
    for (uint64_t i = 0; i < count; i++) {
        char text[STRING_MAX + 1];
        size_t length = 0;
        uint8_t byte = 0;
        while (length < STRING_MAX && cpu_peek(cpu_of(monitor), address + length, &byte, 1) == 1 &&
               byte)
            text[length++] = isprint(byte) ? (char)byte : '.';
        text[length] = '\0';
        monitor_print(monitor, "%08llx: \"%s\"\n", (unsigned long long)address, text);
        address += length + 1;
    }
    return address;
}

static uint64_t list_code(struct monitor *monitor, uint64_t count, uint64_t address)
{
    struct cpu_registers r;
    cpu_get_registers(cpu_of(monitor), &r);
    for (uint64_t i = 0; i < count && i < LIST_MAX; i++) {
        size_t length = monitor_list_line(monitor, &r, address);
        if (length == 0)
            break;
        address = (address + length) & 0xFFFFFFFFu;
    }
    return address;
}

void monitor_examine(struct monitor *monitor, const struct monitor_words *words)
{
    struct examine_format format;
    uint64_t address = monitor->next_examined;
    if (!parse_format(monitor, words->format, &format))
        return;
    if (words->count < 2 && !monitor->has_examined) {
        monitor_print(monitor, "x needs an address: x/16xb 0x7c00\n");
        return;
    }
    if (words->count >= 2 && !monitor_address(monitor, words->words[1], &address))
        return;
    if (format.letter == 's')
        address = examine_strings(monitor, format.count, address);
    else if (format.letter == 'i')
        address = list_code(monitor, format.count, address);
    else
        address = examine_units(monitor, &format, address);
    monitor->next_examined = address;
    monitor->has_examined = true;
}

/* --- code ------------------------------------------------------------------------------------------------------ */

/* The last number of an instruction's text, when a symbol has it: where a jump goes. */
static void target_text(const struct monitor *monitor, const char *code, char *text, size_t size)
{
    const char *last = NULL;
    text[0] = '\0';
    for (const char *at = code; (at = strstr(at, "0x")) != NULL; at += 2)
        last = at;
    if (last)
        symbols_text(monitor->options.symbols, strtoull(last, NULL, 16), text, size);
}

size_t monitor_list_line(struct monitor *monitor, const struct cpu_registers *r, uint64_t linear)
{
    uint8_t bytes[INSTRUCTION_BYTES_MAX];
    size_t count = cpu_peek(cpu_of(monitor), linear, bytes, sizeof bytes);
    struct disassembly code;
    char symbol[128], target[128], hex[2 * INSTRUCTION_BYTES_MAX + 1] = "";
    if (count == 0) {
        monitor_print(monitor, "%08llx: (no memory)\n", (unsigned long long)linear);
        return 0;
    }
    /* Capstone computes relative targets: in 16-bit code they are offsets in the segment. */
    disassemble(&code, linear - r->segment[CPU_CS].base, bytes, count, monitor_bits(r));
    for (size_t i = 0; i < code.length; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    symbols_code_text(monitor->options.symbols, linear, symbol, sizeof symbol);
    target_text(monitor, code.text, target, sizeof target);
    monitor_print(monitor, "%s%08llx%s: %-16s %s%s\n",
                  linear == monitor_linear_ip(r) ? "=> " : "   ", (unsigned long long)linear,
                  symbol, hex, code.text, target);
    return code.length;
}

void monitor_list(struct monitor *monitor, const struct monitor_words *words)
{
    struct cpu_registers r;
    uint64_t address = monitor->next_listed, count;
    if (!monitor_count(monitor, words, 2, 10, &count))
        return;
    cpu_get_registers(cpu_of(monitor), &r);
    if (words->count >= 2 && !monitor_address(monitor, words->words[1], &address))
        return;
    if (words->count < 2 && !monitor->has_listed)
        address = monitor_linear_ip(&r);
    monitor->next_listed = list_code(monitor, count, address);
    monitor->has_listed = true;
}

/* --- backtrace -------------------------------------------------------------------------------------------------- */

static bool read_stack(const struct monitor *monitor, const struct cpu_registers *r,
                       uint64_t offset, unsigned bytes, uint64_t *value)
{
    uint8_t room[8];
    uint64_t linear = (r->segment[CPU_SS].base + offset) & 0xFFFFFFFFu;
    if (cpu_peek(cpu_of(monitor), linear, room, bytes) != bytes)
        return false;
    *value = load_le(room, bytes);
    return true;
}

static void print_frame(struct monitor *monitor, unsigned number, uint64_t linear)
{
    char symbol[128];
    symbols_code_text(monitor->options.symbols, linear, symbol, sizeof symbol);
    monitor_print(monitor, "#%-2u %08llx%s\n", number, (unsigned long long)linear, symbol);
}

/* Follows the chain of saved frame pointers: code built with them, near calls. At a function's first
 * instruction the caller is still on top of the stack. */
void monitor_backtrace(struct monitor *monitor, const struct monitor_words *words)
{
    struct cpu_registers r;
    unsigned bytes;
    unsigned number = 1;
    uint64_t frame, next, back, offset;
    (void)words;
    cpu_get_registers(cpu_of(monitor), &r);
    bytes = monitor_bits(&r) / 8;
    frame = r.gpr[CPU_BP] & mask_bytes(bytes);
    print_frame(monitor, 0, monitor_linear_ip(&r));
    if (symbols_at(monitor->options.symbols, monitor_linear_ip(&r), &offset) && offset == 0 &&
        read_stack(monitor, &r, r.gpr[CPU_SP] & mask_bytes(bytes), bytes, &back))
        print_frame(monitor, number++, (r.segment[CPU_CS].base + back) & 0xFFFFFFFFu);
    for (; number < FRAMES_MAX && frame; number++, frame = next) {
        if (!read_stack(monitor, &r, frame, bytes, &next) ||
            !read_stack(monitor, &r, frame + bytes, bytes, &back) || back == 0)
            return;
        print_frame(monitor, number, (r.segment[CPU_CS].base + back) & 0xFFFFFFFFu);
        if (next <= frame)
            return; /* the stack grows down: the chain is over, or no chain */
    }
}
