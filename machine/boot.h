/* Kernels given on the command line: bzImage and multiboot ELF.
 *
 * The machine runs its firmware as after any power-on. Where the firmware asks for an operating
 * system (INT 19h), the kernel is put into memory and entered instead, as a boot loader would: so
 * everything the firmware set up (memory map, ACPI tables, text mode) is there, with any firmware. Firmware
 * that never asks (qboot) finds a bzImage's parts in fw_cfg. */
#ifndef VITRINE_MACHINE_BOOT_H
#define VITRINE_MACHINE_BOOT_H

#include <stdint.h>

#include "machine/machine.h"

struct boot;

/* Reads and checks the files; says what is wrong with them. initrd and append may be NULL. */
enum status boot_new(struct boot **boot, const char *kernel, const char *initrd, const char *append,
                     struct error *error);
void boot_free(struct boot *boot);
/* Has the machine enter the kernel instead of INT 19h. The boot outlives the machine. The kernel
 * and the initial RAM disk must fit the machine's RAM. */
enum status boot_attach(struct boot *boot, struct machine *machine, struct error *error);
/* What firmware that starts kernels itself needs of a bzImage, for a machine with so much RAM; of other
 * kernels nothing. The bytes are the boot's. */
enum status boot_describe(struct boot *boot, uint64_t memory_bytes, struct machine_kernel *kernel,
                          struct error *error);
/* Linear address of the kernel's first instruction, for `debug`. */
uint64_t boot_entry(const struct boot *boot);

#endif
