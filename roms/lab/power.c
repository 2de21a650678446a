/* power.c: switches the machine off, by the first way that works.
 *
 * 1. ACPI S5 through the PIIX4's power management function (82371AB data sheet, 290562, §7.2.6 PM1_CNT:
 *    SLP_EN bit 13, SLP_TYP bits 12:10, 000 = soft off; §7.1.10 PMBA; §7.1.26 PMREGMISC).
 *    PCI configuration mechanism #1: PCI Local Bus Specification 2.2, §3.2.2.3.2.
 * 2. The word "Shutdown" at port 8900h, as Bochs understands it, where there is no PCI.
 * 3. Port F4h of a test machine (isa-debug-exit), only when the command line says exit=debug, because
 *    the machine then ends with an odd exit status.
 * 4. CLI and HLT: nothing can wake the CPU any more. */
#include "lab/power.h"

#include <stdbool.h>
#include <stdint.h>

#include "lab/io.h"
#include "lab/options.h"

enum { PCI_ADDRESS = 0xCF8, PCI_DATA = 0xCFC, PCI_COMMAND = 0x04 };
enum { PIIX4_PM_ID = 0x71138086, PIIX4_PMBA = 0x40, PIIX4_PMREGMISC = 0x80 };
enum { PMREGMISC_ENABLE = 1 << 0, COMMAND_IO = 1 << 0, PM_BASE_IF_UNSET = 0x600 };
enum { PM1_CNT = 4, SLP_EN = 1 << 13, SLP_TYP_S5 = 0 << 10 };

static uint32_t pci_read(uint32_t function, uint32_t offset)
{
    io_out32(PCI_ADDRESS, 0x80000000 | function << 8 | offset);
    return io_in32(PCI_DATA);
}

static void pci_write(uint32_t function, uint32_t offset, uint32_t value)
{
    io_out32(PCI_ADDRESS, 0x80000000 | function << 8 | offset);
    io_out32(PCI_DATA, value);
}

/* True when the address register can be read back: without PCI, CF8h reads as FFFFFFFFh. */
static bool pci_is_present(void)
{
    io_out32(PCI_ADDRESS, 0x80000000);
    return io_in32(PCI_ADDRESS) == 0x80000000;
}

static void power_off_by_acpi(void)
{
    for (uint32_t function = 0; function < 256; function++) { /* 32 devices of 8 functions on bus 0 */
        uint32_t base;

        if (pci_read(function, 0) != PIIX4_PM_ID)
            continue;
        base = pci_read(function, PIIX4_PMBA) & 0xFFC0;
        if (base == 0) { /* no firmware has run: give the registers a place */
            base = PM_BASE_IF_UNSET;
            pci_write(function, PIIX4_PMBA, base | 1);
        }
        pci_write(function, PCI_COMMAND, pci_read(function, PCI_COMMAND) | COMMAND_IO);
        pci_write(function, PIIX4_PMREGMISC,
                  pci_read(function, PIIX4_PMREGMISC) | PMREGMISC_ENABLE);
        io_out16((uint16_t)(base + PM1_CNT), SLP_TYP_S5 | SLP_EN);
    }
}

void power_off(void)
{
    char exit_word[8];

    cpu_disable_interrupts();
    if (pci_is_present()) {
        power_off_by_acpi();
    } else {
        for (const char *c = "Shutdown"; *c; c++)
            io_out8(0x8900, (uint8_t)*c);
    }
    options_text("exit", "", exit_word, sizeof exit_word);
    if (exit_word[0] == 'd')
        io_out8(0xF4, 0);
    for (;;)
        cpu_halt_for_ever();
}
