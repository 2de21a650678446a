/* fw_cfg: what the board tells its firmware. `extra` of the device_config points to one of these. */
#ifndef VITRINE_DEVICES_FW_CFG_H
#define VITRINE_DEVICES_FW_CFG_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Keys that are not files. All numbers in the items are little endian. */
enum fw_cfg_key {
    FW_CFG_SIGNATURE = 0x00, /* "QEMU" (the device's own) */
    FW_CFG_ID = 0x01,        /* interface revision (the device's own) */
    FW_CFG_RAM_SIZE = 0x03,
    FW_CFG_NB_CPUS = 0x05,
    FW_CFG_KERNEL_ADDR = 0x07, FW_CFG_KERNEL_SIZE = 0x08,
    FW_CFG_INITRD_ADDR = 0x0A, FW_CFG_INITRD_SIZE = 0x0B,
    FW_CFG_NUMA = 0x0D,
    FW_CFG_BOOT_MENU = 0x0E,
    FW_CFG_MAX_CPUS = 0x0F,
    FW_CFG_KERNEL_ENTRY = 0x10, FW_CFG_KERNEL_DATA = 0x11, FW_CFG_INITRD_DATA = 0x12,
    FW_CFG_CMDLINE_ADDR = 0x13, FW_CFG_CMDLINE_SIZE = 0x14, FW_CFG_CMDLINE_DATA = 0x15,
    FW_CFG_SETUP_ADDR = 0x16, FW_CFG_SETUP_SIZE = 0x17, FW_CFG_SETUP_DATA = 0x18,
    FW_CFG_FILE_DIR = 0x19,  /* the device's own */
    FW_CFG_FILE_FIRST = 0x20,
    FW_CFG_IRQ0_OVERRIDE = 0x8002, FW_CFG_E820_TABLE = 0x8003
};

#define FW_CFG_NAME_BYTES 56 /* with the NUL */
#define FW_CFG_ENTRIES 48

struct fw_cfg_entry {
    const char *name;   /* of a file: "etc/e820", "vgaroms/vgabios.bin"; NULL: an item by key */
    uint16_t key;       /* when name is NULL */
    const void *bytes;  /* copied by the device */
    size_t length;
};

struct fw_cfg_config {
    struct fw_cfg_entry entries[FW_CFG_ENTRIES];
    size_t count;
};

/* Appends an entry; refuses a full table, a name that is too long or one that is there already. The
 * bytes stay the caller's until the device is made. */
enum status fw_cfg_add_file(struct fw_cfg_config *config, const char *name, const void *bytes,
                            size_t length, struct error *error);
enum status fw_cfg_add_item(struct fw_cfg_config *config, uint16_t key, const void *bytes,
                            size_t length, struct error *error);

#endif
