/* Linux by its 16-bit entry: Documentation/arch/x86/boot.rst, "Memory Layout", "The Real-Mode Kernel
 * Header", "Running the Kernel". The real-mode part lies at 10000h, its heap and the command line
 * behind it:
 *
 *   10000  boot sector and setup        18000  heap and stack      1E000  command line
 *   100000 protected-mode kernel        initrd: as high as RAM and initrd_addr_max allow */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/words.h"
#include "machine/boot_internal.h"

#define SETUP_AT 0x10000u
#define STACK_OFFSET 0xE000u
#define COMMAND_LINE_AT 0x1E000u
#define KERNEL_AT 0x100000u
#define COMMAND_LINE_MAX 2048u
#define PAGE 4096u

/* Offsets in the real-mode header. */
enum {
    SETUP_SECTS = 0x1F1,
    SYSSIZE = 0x1F4, /* of the protected-mode part, in 16 bytes; 4 bytes wide from 2.04 */
    VID_MODE = 0x1FA,
    BOOT_FLAG = 0x1FE,
    HEADER = 0x202,
    VERSION = 0x206,
    TYPE_OF_LOADER = 0x210,
    LOADFLAGS = 0x211,
    RAMDISK_IMAGE = 0x218,
    RAMDISK_SIZE = 0x21C,
    HEAP_END_PTR = 0x224,
    CMD_LINE_PTR = 0x228,
    INITRD_ADDR_MAX = 0x22C,
    CMDLINE_SIZE = 0x238,
    INIT_SIZE = 0x260,
    HEADER_END = 0x268
};
#define LOADED_HIGH 0x01u
#define CAN_USE_HEAP 0x80u
#define LOADER_UNDEFINED 0xFFu

static size_t setup_bytes(const struct boot *boot)
{
    unsigned sectors = boot->kernel[SETUP_SECTS];
    return ((sectors ? sectors : 4u) + 1u) * 512u;
}

bool boot_linux_recognises(const struct boot *boot)
{
    return boot->kernel_bytes > HEADER_END && memcmp(boot->kernel + HEADER, "HdrS", 4) == 0;
}

/* "vga=": the loader's to read, boot.rst "Special Command Line Options". False: not a mode. When the
 * word is not there, *mode keeps its value. */
static bool video_mode(const char *append, uint16_t *mode)
{
    static const struct {
        const char *name;
        uint16_t mode;
    } NAMES[] = {{"normal", 0xFFFF}, {"ext", 0xFFFE}, {"ask", 0xFFFD}};
    char word[16];
    uint64_t number;
    size_t length;
    const char *at = append;
    while ((at = strstr(at, "vga=")) != NULL && at != append && at[-1] != ' ')
        at++;
    if (!at)
        return true;
    at += strlen("vga=");
    length = strcspn(at, " ");
    if (length >= sizeof word)
        return false;
    memcpy(word, at, length);
    word[length] = '\0';
    for (size_t i = 0; i < ARRAY_COUNT(NAMES); i++)
        if (strcmp(word, NAMES[i].name) == 0) {
            *mode = NAMES[i].mode;
            return true;
        }
    if (!words_number(word, &number) || number > UINT16_MAX)
        return false;
    *mode = (uint16_t)number;
    return true;
}

enum status boot_linux_check(struct boot *boot, struct error *error)
{
    const uint8_t *header = boot->kernel;
    unsigned version = load_le16(header + VERSION);
    size_t command_line = strlen(boot->append);
    uint64_t init_size;
    boot->is_linux = true;
    boot->entry = SETUP_AT + 0x200;
    if (load_le16(header + BOOT_FLAG) != 0xAA55)
        return error_set(error, STATUS_FILE, "%s: boot flag %04X instead of AA55h; fix: copy the image again, "
                         "it is damaged", boot->path, (unsigned)load_le16(header + BOOT_FLAG));
    if (version < 0x0202 || !(header[LOADFLAGS] & LOADED_HIGH))
        return error_set(error, STATUS_FILE, "%s: boot protocol %u.%02u or a zImage; fix: a bzImage of "
                         "protocol 2.02 or later", boot->path, version >> 8, version & 0xFF);
    if (setup_bytes(boot) >= boot->kernel_bytes || setup_bytes(boot) > STACK_OFFSET - 0x1000)
        return error_set(error, STATUS_FILE, "%s: %u setup sectors in a file of %zu bytes; fix: copy the image "
                         "again, it is damaged", boot->path, boot->kernel[SETUP_SECTS], boot->kernel_bytes);
    /* Counted in paragraphs of 16 bytes: the last one need not be full. */
    if (version >= 0x0204 &&
        setup_bytes(boot) + (uint64_t)load_le32(header + SYSSIZE) * 16 > boot->kernel_bytes + 15)
        return error_set(error, STATUS_FILE, "%s: the header names %llu bytes, the file has %zu; it is "
                         "cut off; fix: copy it again", boot->path,
                         (unsigned long long)(setup_bytes(boot) +
                                              (uint64_t)load_le32(header + SYSSIZE) * 16),
                         boot->kernel_bytes);
    if (command_line >= COMMAND_LINE_MAX ||
        (version >= 0x0206 && command_line > load_le32(header + CMDLINE_SIZE)))
        return error_set(error, STATUS_USAGE, "--append: %zu bytes are longer than this kernel takes; fix: "
                         "a shorter one",
                         command_line);
    if (!video_mode(boot->append, &(uint16_t){0}))
        return error_set(error, STATUS_USAGE, "--append: vga= takes normal, ext, ask or a mode's number; "
                         "fix: vga=0x314, say");
    init_size = version >= 0x020A ? load_le32(header + INIT_SIZE) : boot->kernel_bytes;
    boot->load_end = KERNEL_AT + (init_size > boot->kernel_bytes ? init_size : boot->kernel_bytes);
    return STATUS_OK;
}

/* As high as RAM and the kernel allow, on a page. */
static uint32_t initrd_address(const struct boot *boot, uint64_t memory_bytes)
{
    uint64_t top = memory_bytes - BOOT_RESERVED_BYTES;
    uint64_t highest = load_le16(boot->kernel + VERSION) >= 0x0203
                           ? (uint64_t)load_le32(boot->kernel + INITRD_ADDR_MAX) + 1
                           : 0x38000000u;
    if (top > highest)
        top = highest;
    return (uint32_t)((top - boot->initrd_bytes) & ~(uint64_t)(PAGE - 1));
}

/* HEADER_END bytes, with what the loader has to say. */
static void make_header(const struct boot *boot, uint64_t memory_bytes, uint8_t *header)
{
    uint16_t mode;
    memcpy(header, boot->kernel, HEADER_END);
    mode = load_le16(header + VID_MODE);
    if (video_mode(boot->append, &mode))
        store_le16(header + VID_MODE, mode);
    header[TYPE_OF_LOADER] = LOADER_UNDEFINED;
    header[LOADFLAGS] |= CAN_USE_HEAP;
    store_le16(header + HEAP_END_PTR, STACK_OFFSET - 0x200);
    store_le32(header + CMD_LINE_PTR, COMMAND_LINE_AT);
    if (boot->initrd_bytes) {
        store_le32(header + RAMDISK_IMAGE, initrd_address(boot, memory_bytes));
        store_le32(header + RAMDISK_SIZE, (uint32_t)boot->initrd_bytes);
    }
}

enum status boot_linux_describe(struct boot *boot, uint64_t memory_bytes,
                                struct machine_kernel *kernel, struct error *error)
{
    size_t setup = setup_bytes(boot);
    boot->setup = malloc(setup);
    if (!boot->setup)
        return error_set(error, STATUS_INTERNAL, "out of memory for %s", boot->path);
    memcpy(boot->setup, boot->kernel, setup);
    make_header(boot, memory_bytes, boot->setup);
    *kernel = (struct machine_kernel){
        {{boot->kernel + setup, boot->kernel_bytes - setup},
         {boot->initrd, boot->initrd_bytes},
         {(const uint8_t *)boot->append, strlen(boot->append) + 1},
         {boot->setup, setup}},
        {KERNEL_AT, boot->initrd_bytes ? initrd_address(boot, memory_bytes) : 0, COMMAND_LINE_AT,
         SETUP_AT}};
    return STATUS_OK;
}

void boot_linux_enter(struct boot *boot, struct cpu *cpu)
{
    struct space *memory = &boot->machine->memory;
    struct cpu_registers registers;
    size_t setup = setup_bytes(boot);
    uint64_t memory_bytes = boot->machine->config.memory_bytes;
    uint8_t header[HEADER_END];
    space_poke(memory, SETUP_AT, boot->kernel, setup);
    make_header(boot, memory_bytes, header);
    space_poke(memory, SETUP_AT, header, sizeof header);
    space_poke(memory, COMMAND_LINE_AT, boot->append, strlen(boot->append) + 1);
    space_poke(memory, KERNEL_AT, boot->kernel + setup, boot->kernel_bytes - setup);
    if (boot->initrd_bytes)
        space_poke(memory, initrd_address(boot, memory_bytes), boot->initrd, boot->initrd_bytes);
    cpu_get_registers(cpu, &registers);
    for (int i = 0; i < 6; i++) {
        registers.segment[i].selector = SETUP_AT >> 4;
        registers.segment[i].base = SETUP_AT;
        registers.segment[i].limit = 0xFFFF;
    }
    registers.segment[CPU_CS].selector = (SETUP_AT >> 4) + 0x20;
    registers.segment[CPU_CS].base = SETUP_AT + 0x200;
    registers.gpr[CPU_SP] = STACK_OFFSET;
    registers.ip = 0;
    registers.flags &= ~(uint64_t)0x200; /* interrupts off, as the protocol asks */
    cpu_set_registers(cpu, &registers);
}
