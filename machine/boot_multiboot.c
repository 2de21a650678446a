/* Multiboot 0.6.96: the header (section 3.1), the machine state (3.2), the information (3.3).
 *
 *   EAX 2BADB002h, EBX the information, flat 32-bit segments, paging and interrupts off, A20 on.
 * The information, its strings and the memory map lie at 9000h, below conventional memory's end. */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "machine/boot_internal.h"

#define HEADER_MAGIC 0x1BADB002u
#define LOADER_MAGIC 0x2BADB002u
#define SEARCH_BYTES 8192u
#define INFO_AT 0x9000u
#define MAP_AT 0x9100u
#define COMMAND_LINE_AT 0x9200u
#define COMMAND_LINE_MAX 0xC00u
#define MODULE_AT 0x9E00u
#define NAME_AT 0x9F00u
#define INFO_END 0xA000u
#define DEVICES_AT 0xE0000000u /* where RAM ends at the latest */
#define LOW_KIB 639u
#define MEBIBYTE 0x100000u
#define TABLES_BYTES 0x40000u /* at the top of RAM, for ACPI and its own use: as much as SeaBIOS takes at most */

enum { HEADER_HAS_ADDRESSES = 1 << 16, HEADER_REQUIRED_KNOWN = 0x3 };
enum {
    INFO_MEMORY = 1 << 0,
    INFO_COMMAND_LINE = 1 << 2,
    INFO_MODULES = 1 << 3,
    INFO_MAP = 1 << 6,
    INFO_LOADER_NAME = 1 << 9
};

/* ELF32 (TIS ELF 1.2): offsets in the file header and a program header. */
enum { E_TYPE = 16, E_MACHINE = 18, E_ENTRY = 24, E_PHOFF = 28, E_PHENTSIZE = 42, E_PHNUM = 44 };
enum { P_TYPE = 0, P_OFFSET = 4, P_VADDR = 8, P_PADDR = 12, P_FILESZ = 16, P_MEMSZ = 20, P_BYTES = 32 };
#define ELF_HEADER_BYTES 52u
#define PT_LOAD 1u
#define EM_386 3u

bool boot_multiboot_recognises(struct boot *boot)
{
    size_t end = boot->kernel_bytes < SEARCH_BYTES ? boot->kernel_bytes : SEARCH_BYTES;
    for (size_t at = 0; at + 12 <= end; at += 4) {
        const uint8_t *header = boot->kernel + at;
        if (load_le32(header) == HEADER_MAGIC &&
            load_le32(header) + load_le32(header + 4) + load_le32(header + 8) == 0) {
            boot->multiboot_header = (uint32_t)at;
            return true;
        }
    }
    return false;
}

struct segment {
    uint32_t address, file_offset, file_bytes, memory_bytes;
};

/* One place that knows both forms of load description; index counts loadable parts. */
static bool next_segment(const struct boot *boot, unsigned *index, struct segment *segment)
{
    const uint8_t *file = boot->kernel, *header = file + boot->multiboot_header;
    if (load_le32(header + 4) & HEADER_HAS_ADDRESSES) {
        uint32_t header_at = load_le32(header + 12), load = load_le32(header + 16);
        uint32_t load_end = load_le32(header + 20), bss_end = load_le32(header + 24);
        if ((*index)++ != 0)
            return false;
        segment->address = load;
        segment->file_offset = boot->multiboot_header - (header_at - load);
        segment->file_bytes = load_end ? load_end - load
                                       : (uint32_t)boot->kernel_bytes - segment->file_offset;
        segment->memory_bytes = bss_end > load ? bss_end - load : segment->file_bytes;
        return true;
    }
    while (*index < load_le16(file + E_PHNUM)) {
        const uint8_t *row = file + load_le32(file + E_PHOFF) + (size_t)*index * P_BYTES;
        (*index)++;
        if (load_le32(row + P_TYPE) != PT_LOAD || load_le32(row + P_MEMSZ) == 0)
            continue;
        segment->address = load_le32(row + P_PADDR);
        segment->file_offset = load_le32(row + P_OFFSET);
        segment->file_bytes = load_le32(row + P_FILESZ);
        segment->memory_bytes = load_le32(row + P_MEMSZ);
        return true;
    }
    return false;
}

static enum status check_elf(const struct boot *boot, struct error *error)
{
    const uint8_t *file = boot->kernel;
    uint64_t headers_end;
    if (boot->kernel_bytes < ELF_HEADER_BYTES || memcmp(file, "\177ELF", 4) != 0)
        return error_set(error, STATUS_FILE, "%s: a multiboot header without addresses, and no ELF file; "
                         "fix: link it as ELF", boot->path);
    if (file[4] != 1 || file[5] != 1 || load_le16(file + E_MACHINE) != EM_386)
        return error_set(error, STATUS_FILE, "%s: ELF class %u, machine %u; fix: a 32-bit little-endian "
                         "i386 kernel (gcc -m32)", boot->path, file[4],
                         (unsigned)load_le16(file + E_MACHINE));
    headers_end = (uint64_t)load_le32(file + E_PHOFF) + (uint64_t)load_le16(file + E_PHNUM) * P_BYTES;
    if (load_le16(file + E_PHNUM) == 0 || load_le16(file + E_PHENTSIZE) != P_BYTES ||
        headers_end > boot->kernel_bytes)
        return error_set(error, STATUS_FILE, "%s: %u program headers of %u bytes at %lXh reach past the "
                         "end of the file; fix: link it again, it is damaged", boot->path,
                         (unsigned)load_le16(file + E_PHNUM), (unsigned)load_le16(file + E_PHENTSIZE),
                         (unsigned long)load_le32(file + E_PHOFF));
    return STATUS_OK;
}

static enum status check_segment(struct boot *boot, const struct segment *s, struct error *error)
{
    uint64_t end = (uint64_t)s->address + s->memory_bytes;
    if ((uint64_t)s->file_offset + s->file_bytes > boot->kernel_bytes)
        return error_set(error, STATUS_FILE, "%s: the segment at %lXh reaches past the end of the file; "
                         "fix: link it again, it is damaged", boot->path, (unsigned long)s->address);
    if (s->file_bytes > s->memory_bytes)
        return error_set(error, STATUS_FILE, "%s: the segment at %lXh has more bytes in the file than in "
                         "memory; fix: link it again, it is damaged", boot->path, (unsigned long)s->address);
    if (end > UINT32_MAX)
        return error_set(error, STATUS_FILE, "%s: the segment at %lXh wraps at 4 GiB; fix: link it at 1 MiB",
                         boot->path,
                         (unsigned long)s->address);
    if (s->address < MEBIBYTE && end > 0xA0000)
        return error_set(error, STATUS_FILE, "%s: the segment at %lXh lies over video memory or the ROM; "
                         "fix: link it at 1 MiB", boot->path, (unsigned long)s->address);
    if (end > DEVICES_AT)
        return error_set(error, STATUS_FILE, "%s: the segment at %lXh lies over devices or the ROM; fix: "
                         "link it at 1 MiB", boot->path, (unsigned long)s->address);
    if (s->address < INFO_END && end > INFO_AT)
        return error_set(error, STATUS_FILE, "%s: the segment at %lXh lies over the boot information "
                         "(%X-%Xh); fix: link it at 1 MiB", boot->path, (unsigned long)s->address,
                         INFO_AT, INFO_END - 1);
    if (end > boot->load_end)
        boot->load_end = end;
    return STATUS_OK;
}

/* Where the kernel begins. A kernel that is linked for addresses which its page tables will make says e_entry as one
 * of those, and is entered where the segment with it was loaded: paging is off (section 3.2). */
static uint32_t elf_entry(const struct boot *boot)
{
    const uint8_t *file = boot->kernel;
    uint32_t entry = load_le32(file + E_ENTRY);
    for (unsigned i = 0; i < load_le16(file + E_PHNUM); i++) {
        const uint8_t *row = file + load_le32(file + E_PHOFF) + (size_t)i * P_BYTES;
        uint32_t offset = entry - load_le32(row + P_VADDR);
        if (load_le32(row + P_TYPE) == PT_LOAD && offset < load_le32(row + P_MEMSZ))
            return load_le32(row + P_PADDR) + offset;
    }
    return entry;
}

enum status boot_multiboot_check(struct boot *boot, struct error *error)
{
    const uint8_t *header = boot->kernel + boot->multiboot_header;
    uint32_t flags = load_le32(header + 4);
    bool has_addresses = (flags & HEADER_HAS_ADDRESSES) != 0;
    struct segment segment;
    unsigned index = 0;
    enum status status;
    if (flags & 0xFFFF & ~(uint32_t)(HEADER_REQUIRED_KNOWN | 4))
        return error_set(error, STATUS_FILE, "%s: requires multiboot features %04X; fix: build it "
                         "without them", boot->path, (unsigned)(flags & 0xFFFC));
    if (has_addresses && boot->multiboot_header + 32u > boot->kernel_bytes)
        return error_set(error, STATUS_FILE, "%s: the multiboot header is cut off; fix: link it again", boot->path);
    if (!has_addresses && (status = check_elf(boot, error)) != STATUS_OK)
        return status;
    if (strlen(boot->append) + strlen(boot->path) + 2 > COMMAND_LINE_MAX)
        return error_set(error, STATUS_USAGE, "--append: longer than %u bytes; fix: a shorter one", COMMAND_LINE_MAX);
    while (next_segment(boot, &index, &segment))
        if ((status = check_segment(boot, &segment, error)) != STATUS_OK)
            return status;
    if (boot->load_end == 0)
        return error_set(error, STATUS_FILE, "%s: nothing in it is to be loaded; fix: link it again, it is damaged",
                         boot->path);
    boot->entry = has_addresses ? load_le32(header + 28) : elf_entry(boot);
    return STATUS_OK;
}

/* Segments, with the rest of their memory zero. */
static void put_segments(const struct boot *boot, struct space *memory)
{
    static const uint8_t ZERO[4096];
    struct segment s;
    unsigned index = 0;
    while (next_segment(boot, &index, &s)) {
        uint32_t done = s.file_bytes;
        space_poke(memory, s.address, boot->kernel + s.file_offset, s.file_bytes);
        while (done < s.memory_bytes) {
            uint32_t part = s.memory_bytes - done;
            if (part > sizeof ZERO)
                part = sizeof ZERO;
            if (space_poke(memory, s.address + done, ZERO, part) != part)
                break;
            done += part;
        }
    }
}

static void put_map_row(uint8_t *row, uint64_t base, uint64_t length, uint32_t type)
{
    store_le32(row, 20);
    store_le64(row + 4, base);
    store_le64(row + 12, length);
    store_le32(row + 20, type);
}

static void put_info(const struct boot *boot, struct space *memory)
{
    uint8_t info[96] = {0}, map[4 * 24], module[16] = {0};
    char command_line[COMMAND_LINE_MAX];
    uint64_t above = boot->machine->config.memory_bytes - MEBIBYTE;
    uint64_t tables = above > TABLES_BYTES ? TABLES_BYTES : above;
    uint32_t flags = INFO_MEMORY | INFO_COMMAND_LINE | INFO_MAP | INFO_LOADER_NAME;
    put_map_row(map, 0, LOW_KIB * 1024u, 1);
    put_map_row(map + 24, LOW_KIB * 1024u, MEBIBYTE - LOW_KIB * 1024u, 2);
    put_map_row(map + 48, MEBIBYTE, above - tables, 1);
    put_map_row(map + 72, MEBIBYTE + above - tables, tables, 2);
    snprintf(command_line, sizeof command_line, "%s%s%s", boot->path, boot->append[0] ? " " : "",
             boot->append);
    if (boot->initrd_bytes) {
        uint32_t at = ((uint32_t)boot->load_end + 4095u) & ~4095u;
        space_poke(memory, at, boot->initrd, boot->initrd_bytes);
        store_le32(module, at);
        store_le32(module + 4, at + (uint32_t)boot->initrd_bytes);
        store_le32(info + 20, 1);
        store_le32(info + 24, MODULE_AT);
        flags |= INFO_MODULES;
    }
    store_le32(info, flags);
    store_le32(info + 4, LOW_KIB);
    store_le32(info + 8, (uint32_t)((above - tables) / 1024));
    store_le32(info + 16, COMMAND_LINE_AT);
    store_le32(info + 44, sizeof map);
    store_le32(info + 48, MAP_AT);
    store_le32(info + 64, NAME_AT);
    space_poke(memory, INFO_AT, info, sizeof info);
    space_poke(memory, MAP_AT, map, sizeof map);
    space_poke(memory, MODULE_AT, module, sizeof module);
    space_poke(memory, NAME_AT, "Vitrine", 8);
    space_poke(memory, COMMAND_LINE_AT, command_line, strlen(command_line) + 1);
}

void boot_multiboot_enter(struct boot *boot, struct cpu *cpu)
{
    struct cpu_registers registers;
    put_segments(boot, &boot->machine->memory);
    put_info(boot, &boot->machine->memory);
    cpu_get_registers(cpu, &registers);
    space_set_a20(&boot->machine->memory, true);
    for (int i = 0; i < 6; i++) {
        registers.segment[i].selector = i == CPU_CS ? 0x08 : 0x10;
        registers.segment[i].base = 0;
        registers.segment[i].limit = UINT32_MAX;
        registers.segment[i].attributes = i == CPU_CS ? 0xC9B : 0xC93; /* flat, 32 bits, accessed */
    }
    registers.cr0 = (registers.cr0 | 1) & ~(uint64_t)0x80000000u;
    registers.gpr[CPU_AX] = LOADER_MAGIC;
    registers.gpr[CPU_BX] = INFO_AT;
    registers.gpr[CPU_SP] = 0x7C00;
    registers.ip = boot->entry;
    registers.flags = 2;
    cpu_set_registers(cpu, &registers);
}
