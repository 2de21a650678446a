/* VGA on PCI: the monitor at its connector, a multi-frequency CRT of 17 inches, as EDID has it.
 *
 * Specification: VESA Enhanced EDID Standard, Release A, Revision 1 (2000), section 3: EDID 1.3,
 * 128 bytes and no further block. The preferred timing is 1024x768 at 60 Hz of VESA's Monitor
 * Timing Standard; each size named is one that the DISPI registers take, within the default 16 MiB.
 *
 * VGA_EDID_ROWS(EDID) makes one row of EDID(at, four bytes in their order, meaning). The sum of all
 * bytes is 0: another monitor needs another last byte. */
#ifndef VITRINE_DEVICES_VGA_EDID_H
#define VITRINE_DEVICES_VGA_EDID_H

/* Manufacturer: five bits a letter, "VTR", which nobody has registered. Input 08: analog, 0.7 V,
 * separate syncs. Gamma: hundredths less 100. Features 0E: RGB, sRGB, first timing preferred.
 *
 * A standard timing is columns / 8 - 31, then aspect (00 16:10, 40 4:3, 80 5:4, C0 16:9) and hertz
 * less 60.
 *
 *                 shown  front porch  sync  total
 *   1024x768 dots  1024       24       136   1344    at 65 MHz: 48.4 kHz
 *            lines  768        3         6    806               60.0 Hz, both syncs negative */
#define VGA_EDID_ROWS(EDID)                                                                      \
    EDID(0x00, 0x00, 0xFF, 0xFF, 0xFF, "header"),                                                \
    EDID(0x04, 0xFF, 0xFF, 0xFF, 0x00, "header"),                                                \
    EDID(0x08, 0x5A, 0x92, 0x01, 0x00, "manufacturer VTR, product 1"),                           \
    EDID(0x0C, 0x00, 0x00, 0x00, 0x00, "serial number: none"),                                   \
    EDID(0x10, 0x00, 0x24, 0x01, 0x03, "made in 2026; EDID 1.3"),                                \
    EDID(0x14, 0x08, 0x20, 0x18, 0x78, "analog input, 32 x 24 cm, gamma 2.2"),                   \
    EDID(0x18, 0x0E, 0xEE, 0x91, 0xA3, "features; chromaticity of sRGB"),                        \
    EDID(0x1C, 0x54, 0x4C, 0x99, 0x26, "chromaticity"),                                          \
    EDID(0x20, 0x0F, 0x50, 0x54, 0xA1, "chromaticity; 720x400 at 70 Hz, 640x480, 800x600 at 60"), \
    EDID(0x24, 0x08, 0x00, 0x81, 0x80, "1024x768; standard timings, all at 60 Hz: 1280x1024"),   \
    EDID(0x28, 0x81, 0xC0, 0x81, 0x00, "1280x720, 1280x800"),                                    \
    EDID(0x2C, 0x95, 0x00, 0xA9, 0x40, "1440x900, 1600x1200"),                                   \
    EDID(0x30, 0xB3, 0x00, 0xD1, 0xC0, "1680x1050, 1920x1080"),                                  \
    EDID(0x34, 0xD1, 0x00, 0x64, 0x19, "1920x1200; preferred timing: 65 MHz"),                   \
    EDID(0x38, 0x00, 0x40, 0x41, 0x00, "1024 dots, 320 blank"),                                  \
    EDID(0x3C, 0x26, 0x30, 0x18, 0x88, "768 lines, 38 blank; porch 24, sync 136 dots"),          \
    EDID(0x40, 0x36, 0x00, 0x40, 0xF0, "porch 3, sync 6 lines; 320 mm"),                         \
    EDID(0x44, 0x10, 0x00, 0x00, 0x18, "by 240 mm; no border; negative syncs"),                  \
    EDID(0x48, 0x00, 0x00, 0x00, 0xFD, "descriptor: range limits"),                              \
    EDID(0x4C, 0x00, 0x32, 0xA0, 0x1E, "50 to 160 Hz, 30 to ..."),                               \
    EDID(0x50, 0x60, 0x15, 0x00, 0x0A, "... 96 kHz, 210 MHz"),                                   \
    EDID(0x54, 0x20, 0x20, 0x20, 0x20, "blanks"),                                                \
    EDID(0x58, 0x20, 0x20, 0x00, 0x00, "blanks"),                                                \
    EDID(0x5C, 0x00, 0xFC, 0x00, 'V', "descriptor: name"),                                       \
    EDID(0x60, 'i', 't', 'r', 'i', "name"),                                                      \
    EDID(0x64, 'n', 'e', ' ', 'C', "name"),                                                      \
    EDID(0x68, 'R', 'T', 0x0A, 0x20, "name"),                                                    \
    EDID(0x6C, 0x00, 0x00, 0x00, 0x10, "descriptor: unused"),                                    \
    EDID(0x70, 0x00, 0x00, 0x00, 0x00, "unused"),                                                \
    EDID(0x74, 0x00, 0x00, 0x00, 0x00, "unused"),                                                \
    EDID(0x78, 0x00, 0x00, 0x00, 0x00, "unused"),                                                \
    EDID(0x7C, 0x00, 0x00, 0x00, 0x2A, "no further block; checksum")

#endif
