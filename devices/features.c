/* What is modelled of each chip, feature by feature: docs/devices/NAME.md and its index are made from it.
 * A row's statement is checked against the code when either changes; the device's own `missing` says the
 * same of what is not there. */
#include "devices/features.h"

#include <stddef.h>

const struct device_feature DEVICE_FEATURES[] = {

    /* i8259 */
    {"i8259", "initialisation ICW1-ICW4, single and cascaded", "8259A pp.11-13",
     FEATURE_MODELLED, ""},
    {"i8259", "edge and level triggering, spurious IR7", "8259A p.17", FEATURE_MODELLED, ""},
    {"i8259", "fully nested and special fully nested mode", "8259A pp.13, 16",
     FEATURE_MODELLED, ""},
    {"i8259", "specific, non-specific and automatic EOI", "8259A p.14", FEATURE_MODELLED, ""},
    {"i8259", "rotation of priorities, specific and automatic", "8259A p.14", FEATURE_MODELLED, ""},
    {"i8259", "special mask mode", "8259A p.16", FEATURE_MODELLED, ""},
    {"i8259", "poll command", "8259A p.17", FEATURE_MODELLED, ""},
    {"i8259", "edge/level control registers", "PIIX4 4.1.9", FEATURE_MODELLED, ""},
    {"i8259", "buffered mode", "8259A p.18",
     FEATURE_PARTLY, "master and slave are told apart; the SP/EN output has no listener"},
    {"i8259", "MCS-80/85 mode", "8259A p.10",
     FEATURE_MISSING, "the vector of 8086 mode, and a guest-error line"},

    /* i8254 */
    {"i8254", "modes 0-5, binary and BCD", "8254 pp.10-16", FEATURE_MODELLED, ""},
    {"i8254", "gates of all counters", "8254 p.16", FEATURE_MODELLED, ""},
    {"i8254", "counter latch and read-back of count and status", "8254 pp.8-9",
     FEATURE_MODELLED, ""},
    {"i8254", "one-byte and two-byte counts", "8254 p.7", FEATURE_MODELLED, ""},

    /* i8237 */
    {"i8237", "single, block, demand and cascade modes, by channel", "8237A", FEATURE_MODELLED, ""},
    {"i8237", "autoinitialisation, increment and decrement, terminal count", "8237A",
     FEATURE_MODELLED, ""},
    {"i8237", "page registers, byte and word channels", "AT", FEATURE_MODELLED, ""},
    {"i8237", "software requests", "8237A", FEATURE_PARTLY, "the bits are kept, nothing moves"},
    {"i8237", "memory-to-memory transfers", "8237A", FEATURE_MISSING, "nothing moves"},
    {"i8237", "bus timing, compressed timing, rotating priority", "8237A",
     FEATURE_MISSING, "a transfer takes no time and is never contested"},

    /* mc146818 */
    {"mc146818", "time and calendar, BCD and binary, 12 and 24 hours", "146818 p.6",
     FEATURE_MODELLED, ""},
    {"mc146818", "leap years; century byte of the AT", "146818 p.3; AT", FEATURE_MODELLED, ""},
    {"mc146818", "alarm with \"don't care\"", "146818 p.7", FEATURE_MODELLED, ""},
    {"mc146818", "periodic, alarm and update-ended interrupts", "146818 p.8", FEATURE_MODELLED, ""},
    {"mc146818", "update in progress", "146818 p.12", FEATURE_MODELLED, ""},
    {"mc146818", "SET and the divider's reset", "146818 pp.14-15", FEATURE_MODELLED, ""},
    {"mc146818", "128 bytes of CMOS memory as firmware wants them", "AT", FEATURE_MODELLED, ""},
    {"mc146818", "daylight saving (DSE)", "146818 p.15",
     FEATURE_MISSING, "the bit is kept, the hour never jumps"},
    {"mc146818", "SQW output", "146818 p.15", FEATURE_MISSING, "the bit is kept"},
    {"mc146818", "time bases of 4 and 1 MHz", "146818 p.14",
     FEATURE_MISSING, "the clock stands still, and a guest-error line"},
    {"mc146818", "second bank (72h, 73h)", "PIIX4 4.2.5",
     FEATURE_MISSING, "nobody answers at these ports"},

    /* i8042 */
    {"i8042", "commands of the PC's firmware, command byte", "PS2 Controller",
     FEATURE_MODELLED, ""},
    {"i8042", "translation of scan codes", "PS2 Controller", FEATURE_MODELLED, ""},
    {"i8042", "both interrupts and enables", "PS2 Controller", FEATURE_MODELLED, ""},
    {"i8042", "output port: A20 and reset", "PS2 Controller", FEATURE_MODELLED, ""},
    {"i8042", "IBF while the controller works", "PS2 Controller",
     FEATURE_MISSING, "a byte is taken at once"},
    {"i8042", "parity and time-out errors", "PS2 Controller",
     FEATURE_MISSING, "the cables are perfect"},
    {"i8042", "diagnostic dump (ACh), passwords", "PS2 Controller",
     FEATURE_MISSING, "none is ever installed"},

    /* ps2-keyboard */
    {"ps2-keyboard", "scan code sets 1-3", "PS2 Keyboards", FEATURE_MODELLED, ""},
    {"ps2-keyboard", "typematic repeat, rate and delay", "PS2 Keyboards", FEATURE_MODELLED, ""},
    {"ps2-keyboard", "LEDs, commands, resend", "PS2 Keyboards", FEATURE_MODELLED, ""},
    {"ps2-keyboard", "16 codes of room, then an overrun code", "PS2 Keyboards",
     FEATURE_MODELLED, ""},
    {"ps2-keyboard", "self test", "PS2 Keyboards",
     FEATURE_PARTLY, "it passes in a few milliseconds, not in half a second"},
    {"ps2-keyboard", "shift codes around cursor keys", "PS2 Keyboards", FEATURE_MODELLED, ""},

    /* ps2-mouse */
    {"ps2-mouse", "stream and remote mode, wrap mode", "PS2 Mouse", FEATURE_MODELLED, ""},
    {"ps2-mouse", "scaling, sample rate", "PS2 Mouse", FEATURE_MODELLED, ""},
    {"ps2-mouse", "resolution", "PS2 Mouse", FEATURE_PARTLY, "kept and told; a count is a pixel, whatever it says"},
    {"ps2-mouse", "overflow of the counters", "PS2 Mouse",
     FEATURE_PARTLY, "what a packet cannot hold comes with the next; the overflow bits are 0"},
    {"ps2-mouse", "wheel and five buttons", "IntelliMouse", FEATURE_MODELLED, ""},
    {"ps2-mouse", "self test", "PS2 Mouse", FEATURE_PARTLY, "it passes in a few milliseconds"},

    /* uart16550 */
    {"uart16550", "divisor, frame format, loopback", "PC16550D 8.1-8.6", FEATURE_MODELLED, ""},
    {"uart16550", "FIFOs, trigger levels, time-out interrupt", "PC16550D 8.4",
     FEATURE_MODELLED, ""},
    {"uart16550", "interrupt identification and priorities", "PC16550D 8.5", FEATURE_MODELLED, ""},
    {"uart16550", "modem lines and their changes", "PC16550D 8.8, 8.9", FEATURE_MODELLED, ""},
    {"uart16550", "break, shown with its character; LSR bit 7", "PC16550D 8.4", FEATURE_MODELLED, ""},
    {"uart16550", "sending breaks", "PC16550D 8.3", FEATURE_PARTLY,
     "in loopback; a back-end does not learn of one"},
    {"uart16550", "parity and framing errors", "PC16550D 8.6",
     FEATURE_MISSING, "the wire is perfect"},
    {"uart16550", "TXRDY, RXRDY", "PC16550D 8.4", FEATURE_MISSING, "nobody listens on a PC"},

    /* parallel */
    {"parallel", "data, status and control of the standard port", "AT, Parallel",
     FEATURE_MODELLED, ""},
    {"parallel", "strobe, busy and acknowledge with their times", "IEEE 1284",
     FEATURE_MODELLED, ""},
    {"parallel", "interrupt at the acknowledge", "AT, Parallel", FEATURE_MODELLED, ""},
    {"parallel", "bidirectional, EPP, ECP", "IEEE 1284",
     FEATURE_MISSING, "the registers are those of a standard port"},
    {"parallel", "a printer out of paper or off line", "IEEE 1284",
     FEATURE_MISSING, "it is always ready"},

    /* debug-ports */
    {"debug-ports", "bytes to the debug console at 402h and E9h", "Bochs, SeaBIOS",
     FEATURE_MODELLED, ""},
    {"debug-ports", "402h reads E9h, by which firmware finds it", "SeaBIOS", FEATURE_MODELLED, ""},

    /* isa-debug-exit */
    {"isa-debug-exit", "ends the run with 2v + 1", "QEMU", FEATURE_MODELLED, ""},

    /* speaker */
    {"speaker", "gate of counter 2, OUT2 at bit 5", "PIIX4 4.2.4", FEATURE_MODELLED, ""},
    {"speaker", "refresh toggle", "PIIX4 4.2.4", FEATURE_MODELLED, ""},
    {"speaker", "sound (--sound sdl, file:PATH)", "PIIX4 4.2.4", FEATURE_MODELLED, ""},
    {"speaker", "parity and channel check errors", "PIIX4 4.2.4",
     FEATURE_MISSING, "bits 7 and 6 are 0"},

    /* port92 */
    {"port92", "A20 and fast reset", "PS/2 System Board", FEATURE_MODELLED, ""},
    {"port92", "activity lights, password lock", "PS/2 System Board",
     FEATURE_MISSING, "the bits are kept"},

    /* post-port */
    {"post-port", "POST code, as a card would show it", "AT", FEATURE_MODELLED, ""},

    /* coprocessor-error */
    {"coprocessor-error", "FERR# to IRQ13, cleared by port F0h, IGNNE#", "SDM 1 D.2; AT",
     FEATURE_MODELLED, ""},
    {"coprocessor-error", "reset of an 80287 (F1h)", "AT", FEATURE_MISSING, "nothing happens"},

    /* shutdown-8900 */
    {"shutdown-8900", "power-off by the word \"Shutdown\"", "Bochs", FEATURE_MODELLED, ""},

    /* vga */
    {"vga", "text modes, fonts, cursor", "VGA", FEATURE_MODELLED, ""},
    {"vga", "planar modes: write modes 0-3, read modes 0 and 1, latches", "VGA",
     FEATURE_MODELLED, ""},
    {"vga", "256 colours, chained and mode X", "VGA", FEATURE_MODELLED, ""},
    {"vga", "split screen, panning, start address", "VGA", FEATURE_MODELLED, ""},
    {"vga", "attribute flip-flop, DAC", "VGA", FEATURE_MODELLED, ""},
    {"vga", "retrace bits from virtual time", "VGA", FEATURE_MODELLED, ""},
    {"vga", "vertical interrupt", "VGA", FEATURE_MISSING, "IRQ 2 is never raised"},
    {"vga", "palette in 256-colour modes", "VGA", FEATURE_MISSING, "pixels go to the DAC as they are"},
    {"vga", "overscan, skews, blinking in graphics modes", "VGA",
     FEATURE_MISSING, "no border; what the bits ask for is not drawn"},
    {"vga", "odd/even page select, Memory Mode bit 1 = 0, Shift Load", "VGA",
     FEATURE_MISSING, "the bits are kept"},
    {"vga", "video feedback, gating by 3C3h", "VGA", FEATURE_MISSING, "the adapter answers always"},

    /* vga-pci */
    {"vga-pci", "text modes, fonts, cursor", "VGA", FEATURE_MODELLED, ""},
    {"vga-pci", "planar modes: write modes 0-3, read modes 0 and 1, latches", "VGA",
     FEATURE_MODELLED, ""},
    {"vga-pci", "256 colours, chained and mode X", "VGA", FEATURE_MODELLED, ""},
    {"vga-pci", "split screen, panning, start address", "VGA", FEATURE_MODELLED, ""},
    {"vga-pci", "attribute flip-flop, DAC", "VGA", FEATURE_MODELLED, ""},
    {"vga-pci", "retrace bits from virtual time", "VGA", FEATURE_MODELLED, ""},
    {"vga-pci", "vertical interrupt", "VGA", FEATURE_MISSING, "IRQ 2 is never raised"},
    {"vga-pci", "palette in 256-colour modes", "VGA", FEATURE_MISSING, "pixels go to the DAC as they are"},
    {"vga-pci", "overscan, skews, blinking in graphics modes", "VGA",
     FEATURE_MISSING, "no border; what the bits ask for is not drawn"},
    {"vga-pci", "odd/even page select, Memory Mode bit 1 = 0, Shift Load", "VGA",
     FEATURE_MISSING, "the bits are kept"},
    {"vga-pci", "video feedback, gating by 3C3h", "VGA",
     FEATURE_MISSING, "the adapter answers always"},
    {"vga-pci", "linear frame buffer, DISPI registers", "Bochs VBE", FEATURE_MODELLED, ""},
    {"vga-pci", "EDID", "Bochs VBE", FEATURE_MISSING, "no monitor is described"},
    {"vga-pci", "big-endian frame buffer", "Bochs VBE", FEATURE_MISSING, "little endian always"},

    /* i440fx */
    {"i440fx", "configuration mechanism #1", "82441FX 3.1", FEATURE_MODELLED, ""},
    {"i440fx", "PAM: shadow RAM", "82441FX 3.2.18", FEATURE_MODELLED, ""},
    {"i440fx", "SMRAM open, closed, locked", "82441FX 3.2.25", FEATURE_MODELLED, ""},
    {"i440fx", "D_CLS", "82441FX 3.2.25", FEATURE_PARTLY, "hides code as well as data"},
    {"i440fx", "DRAM timing and row boundaries", "82441FX 3.2",
     FEATURE_MISSING, "zeros; firmware learns of the RAM by fw_cfg or CMOS"},

    /* piix3 */
    {"piix3", "PCI interrupt routing", "PIIX3 2.2.4", FEATURE_MODELLED, ""},
    {"piix3", "reset control (CF9h)", "PIIX3 2.5.4.2", FEATURE_MODELLED, ""},
    {"piix3", "soft reset", "PIIX3 2.5.4.2",
     FEATURE_PARTLY, "resets the whole machine, not the processor alone"},
    {"piix3", "SMI, USB, motherboard IRQ and DMA routing", "PIIX3 2.2",
     FEATURE_MISSING, "the registers read zero"},

    /* fw-cfg */
    {"fw-cfg", "items by key, files by directory", "fw_cfg", FEATURE_MODELLED, ""},
    {"fw-cfg", "transfers by DMA", "fw_cfg", FEATURE_MODELLED, ""},
    {"fw-cfg", "items that firmware can write", "fw_cfg",
     FEATURE_MISSING, "a write is an error in the control word"},

    /* ne2000 */
    {"ne2000", "remote DMA of 8 and 16 bits, ring of receive pages", "DP8390D 7",
     FEATURE_MODELLED, ""},
    {"ne2000", "overflow and its recovery", "DP8390D", FEATURE_MODELLED, ""},
    {"ne2000", "physical, multicast, broadcast, promiscuous reception", "DP8390D",
     FEATURE_MODELLED, ""},
    {"ne2000", "interrupts, tally counters", "DP8390D", FEATURE_MODELLED, ""},
    {"ne2000", "loopback", "DP8390D",
     FEATURE_PARTLY, "all bytes take part, not one half of each word"},
    {"ne2000", "collisions, deferral", "DP8390D", FEATURE_MISSING, "the wire is always free"},
    {"ne2000", "long addresses, writes to page 2, boot ROM", "DP8390D",
     FEATURE_MISSING, "without effect"},

    /* ne2000-pci */
    {"ne2000-pci", "remote DMA of 8 and 16 bits, ring of receive pages", "DP8390D 7",
     FEATURE_MODELLED, ""},
    {"ne2000-pci", "overflow and its recovery", "DP8390D", FEATURE_MODELLED, ""},
    {"ne2000-pci", "physical, multicast, broadcast, promiscuous reception", "DP8390D",
     FEATURE_MODELLED, ""},
    {"ne2000-pci", "interrupts, tally counters", "DP8390D", FEATURE_MODELLED, ""},
    {"ne2000-pci", "loopback", "DP8390D",
     FEATURE_PARTLY, "all bytes take part, not one half of each word"},
    {"ne2000-pci", "collisions, deferral", "DP8390D", FEATURE_MISSING, "the wire is always free"},
    {"ne2000-pci", "long addresses, writes to page 2, boot ROM", "DP8390D",
     FEATURE_MISSING, "without effect"},
    {"ne2000-pci", "PCI configuration, I/O BAR, INTA#", "RTL8029AS", FEATURE_MODELLED, ""},
    {"ne2000-pci", "CONFIG3, guarded by 9346CR", "RTL8029AS 6", FEATURE_MODELLED, ""},
    {"ne2000-pci", "EEPROM 93C46: read, write, erase, loaded at RST#", "93LC46B 2", FEATURE_MODELLED, ""},
    {"ne2000-pci", "CONFIG0 and CONFIG2", "RTL8029AS 6", FEATURE_PARTLY, "they read 0 and keep nothing"},
    {"ne2000-pci", "power management", "RTL8029AS", FEATURE_MISSING, "there is no such capability"},

    /* ata */
    {"ata", "CHS, LBA28 and LBA48 transfers by PIO and DMA", "ATA-6 8", FEATURE_MODELLED, ""},
    {"ata", "IDENTIFY, SET FEATURES, SET MULTIPLE, INITIALIZE DEVICE PARAMETERS", "ATA-6 8",
     FEATURE_MODELLED, ""},
    {"ata", "power commands, FLUSH CACHE, SMART status and thresholds", "ATA-6 8",
     FEATURE_MODELLED, ""},
    {"ata", "device reset, diagnostics, absent drives", "ATA-6 9", FEATURE_MODELLED, ""},
    {"ata", "CD-ROM: packets of data discs, media change", "ATA-6, MMC", FEATURE_MODELLED, ""},
    {"ata", "arm and platter (option mechanics)", "devices/README.md", FEATURE_MODELLED, ""},
    {"ata", "SET MAX ADDRESS", "ATA-6 8.47", FEATURE_PARTLY, "lasts until power-off; no passwords"},
    {"ata", "SMART", "ATA-6 8.54",
     FEATURE_PARTLY, "no self-tests, off-line collection, writable logs: aborted"},
    {"ata", "queued and overlapped commands", "ATA-6 4.8",
     FEATURE_MISSING, "aborted; IDENTIFY says so"},
    {"ata", "security, microcode, buffers, READ and WRITE LONG", "ATA-6 8",
     FEATURE_MISSING, "aborted"},
    {"ata", "CD audio, raw sectors, GET CONFIGURATION, writing", "MMC",
     FEATURE_MISSING, "an illegal request"},

    /* piix3-ide */
    {"piix3-ide", "decode enables, compatibility mode", "PIIX3 2.3", FEATURE_MODELLED, ""},
    {"piix3-ide", "bus master with physical region tables", "PIIX3 2.7", FEATURE_MODELLED, ""},
    {"piix3-ide", "timing", "PIIX3 2.3",
     FEATURE_MISSING, "the registers are kept; a transfer takes what the drive takes"},

    /* piix4-pm */
    {"piix4-pm", "ACPI events, SCI, power button", "PIIX4 7.1", FEATURE_MODELLED, ""},
    {"piix4-pm", "PM timer", "PIIX4 7.1.4", FEATURE_MODELLED, ""},
    {"piix4-pm", "soft off (S5)", "ACPI 4.7.3", FEATURE_MODELLED, ""},
    {"piix4-pm", "SMI# of APMC", "PIIX4 7.2", FEATURE_MODELLED, ""},
    {"piix4-pm", "other sleeps", "ACPI 4.7.3", FEATURE_PARTLY, "the machine resumes at once"},
    {"piix4-pm", "SMBus, device monitors, throttling, GPIO", "PIIX4 7",
     FEATURE_MISSING, "the registers are not there or have no effect"},
    {"piix4-pm", "SMI# of other events, EOS", "PIIX4 7.2", FEATURE_MISSING, "none is raised"},

    /* local-apic */
    {"local-apic", "IRR, ISR, TMR, task and processor priority", "SDM 3A 10.8",
     FEATURE_MODELLED, ""},
    {"local-apic", "LVT: timer, LINT0, LINT1, error; ExtINT virtual wire", "SDM 3A 10.5.1",
     FEATURE_MODELLED, ""},
    {"local-apic", "timer, one-shot and periodic, divider", "SDM 3A 10.5.4", FEATURE_MODELLED, ""},
    {"local-apic", "interrupt command: to itself, to all", "SDM 3A 10.6.1", FEATURE_MODELLED, ""},
    {"local-apic", "physical, flat and cluster destinations", "SDM 3A 10.6.2",
     FEATURE_MODELLED, ""},
    {"local-apic", "error status", "SDM 3A 10.5.3", FEATURE_MODELLED, ""},
    {"local-apic", "IA32_APIC_BASE: moved, switched off for good", "SDM 3A 10.4",
     FEATURE_MODELLED, ""},
    {"local-apic", "INIT", "SDM 3A 10.6.1",
     FEATURE_PARTLY, "resets the whole machine, not the processor alone"},
    {"local-apic", "performance counter entry", "SDM 3A 10.5.1",
     FEATURE_PARTLY, "it can be written; counters never overflow"},
    {"local-apic", "other processors", "SDM 3A 10.6", FEATURE_MISSING, "a send accept error"},
    {"local-apic", "arbitration, delivery status", "SDM 3A 10.7",
     FEATURE_MISSING, "messages are never delayed"},

    /* io-apic */
    {"io-apic", "24 redirection entries, edge and level, polarity, mask", "82093AA 3.2.4",
     FEATURE_MODELLED, ""},
    {"io-apic", "remote IRR and the end of interrupt", "82093AA 3.2.4", FEATURE_MODELLED, ""},
    {"io-apic", "fixed, NMI, SMI and ExtINT delivery", "82093AA 3.2.4", FEATURE_MODELLED, ""},
    {"io-apic", "lowest priority", "82093AA 3.2.4", FEATURE_PARTLY, "the only processor takes it"},
    {"io-apic", "input 0: the 8259's INT (virtual wire)", "MP 1.4 3.6.2.2", FEATURE_MODELLED, ""},
    {"io-apic", "arbitration", "82093AA 3.2.3",
     FEATURE_MISSING, "the register shows the id; messages are never delayed"},

    /* hpet */
    {"hpet", "counter of 64 bits", "HPET 2.3.7", FEATURE_MODELLED, ""},
    {"hpet", "three comparators, one-shot and periodic, 32 and 64 bits", "HPET 2.3.9",
     FEATURE_MODELLED, ""},
    {"hpet", "edge and level interrupts", "HPET 2.3.6, 2.3.8", FEATURE_MODELLED, ""},
    {"hpet", "legacy replacement", "HPET 2.3.5", FEATURE_MODELLED, ""},
    {"hpet", "interrupts as messages (FSB)", "HPET 2.3.10",
     FEATURE_MISSING, "the capability bit says that it is not there"},

    /* i82077aa */
    {"i82077aa", "reads, writes, formats, verifies and seeks of a diskette", "82077AA 5",
     FEATURE_MODELLED, ""},
    {"i82077aa", "transfers by DMA, interrupt", "82077AA 4", FEATURE_MODELLED, ""},
    {"i82077aa", "resets by DOR and DSR", "82077AA 3", FEATURE_MODELLED, ""},
    {"i82077aa", "FORMAT TRACK", "82077AA 5.1", FEATURE_PARTLY,
     "with other numbers or another density than the image's: ND, the image keeps its track"},
    {"i82077aa", "status registers A and B", "82077AA 2.1", FEATURE_PARTLY,
     "STEP, DIR, WE and the data flip-flops read as 0"},
    {"i82077aa", "overrun", "82077AA 5", FEATURE_PARTLY, "without DMA the medium waits for the host"},
    {"i82077aa", "other sector sizes, FM, more sectors than the format has", "82077AA 5.1",
     FEATURE_MISSING, "not found (MA, ND)"},
    {"i82077aa", "head load and unload times", "82077AA 5.2", FEATURE_MISSING, "they are 0"},
    {"i82077aa", "low power, write precompensation, tape drives", "82077AA 2.1", FEATURE_MISSING,
     "the bits are kept"},

    /* virtio-blk */
    {"virtio-blk", "requests in a split queue: read, write, flush", "VIRTIO 5.2.6", FEATURE_MODELLED, ""},
    {"virtio-blk", "legacy and modern transport over PCI", "VIRTIO 4.1", FEATURE_MODELLED, ""},
    {"virtio-blk", "MSI-X", "VIRTIO 4.1.4", FEATURE_MISSING, "vectors read FFFFh, INTA# is used"},
    {"virtio-blk", "WRITE ZEROES; DISCARD, a hole in a raw image's file", "VIRTIO 5.2.6", FEATURE_MODELLED, ""},
    {"virtio-blk", "DISCARD that gives room of a qcow2 image back", "VIRTIO 5.2.6", FEATURE_PARTLY,
     "zeros are written"},
    {"virtio-blk", "several queues, packed queues", "VIRTIO 5.2.3",
     FEATURE_MISSING, "the feature bits are not offered"},
    {"virtio-blk", "seek and rotation", "devices/README.md", FEATURE_MISSING,
     "a request takes what its back-end takes"},

    /* virtio-net */
    {"virtio-net", "receive, transmit and control queue", "VIRTIO 5.1.2", FEATURE_MODELLED, ""},
    {"virtio-net", "control of reception, merged buffers", "VIRTIO 5.1.6", FEATURE_MODELLED, ""},
    {"virtio-net", "legacy and modern transport over PCI", "VIRTIO 4.1", FEATURE_MODELLED, ""},
    {"virtio-net", "MSI-X", "VIRTIO 4.1.4", FEATURE_MISSING, "vectors read FFFFh, INTA# is used"},
    {"virtio-net", "checksum and segmentation offloads, VLAN filter, several and packed queues, MTU",
     "VIRTIO 5.1.3", FEATURE_MISSING, "the feature bits are not offered"},
    {"virtio-net", "changes of the link, announcements", "VIRTIO 5.1.4", FEATURE_MISSING,
     "the link stays as it is"},
    {NULL, NULL, NULL, FEATURE_MODELLED, NULL},
};
