/* What the two boot protocols share. */
#ifndef VITRINE_MACHINE_BOOT_INTERNAL_H
#define VITRINE_MACHINE_BOOT_INTERNAL_H

#include "machine/boot.h"

/* The firmware keeps its tables at the top of RAM (SeaBIOS: 128 KiB and its ACPI tables). */
#define BOOT_RESERVED_BYTES (UINT64_C(1) << 20)

struct boot {
    const char *path, *append;
    uint8_t *kernel, *initrd;
    size_t kernel_bytes, initrd_bytes;
    uint8_t *setup; /* the real-mode part as firmware gets it; NULL: it was not asked for */
    bool is_linux;
    uint64_t entry;    /* of the kernel, linear */
    uint64_t load_end; /* behind the highest byte that the kernel's image takes */
    uint32_t multiboot_header; /* offset in the file */
    struct machine *machine;
};

bool boot_linux_recognises(const struct boot *boot);
enum status boot_linux_check(struct boot *boot, struct error *error);
enum status boot_linux_describe(struct boot *boot, uint64_t memory_bytes,
                                struct machine_kernel *kernel, struct error *error);
void boot_linux_enter(struct boot *boot, struct cpu *cpu);
bool boot_multiboot_recognises(struct boot *boot);
enum status boot_multiboot_check(struct boot *boot, struct error *error);
void boot_multiboot_enter(struct boot *boot, struct cpu *cpu);

#endif
