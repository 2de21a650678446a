/* The device types of the program, one row a chip. The table itself is devices/table.c. */
#ifndef VITRINE_DEVICES_TYPES_H
#define VITRINE_DEVICES_TYPES_H

#include "bus/device.h"

extern const struct device_type I8259_TYPE;
extern const struct device_type I8254_TYPE;
extern const struct device_type I8237_TYPE;
extern const struct device_type MC146818_TYPE;
extern const struct device_type I8042_TYPE;
extern const struct device_type PS2_KEYBOARD_TYPE;
extern const struct device_type PS2_MOUSE_TYPE;
extern const struct device_type UART16550_TYPE;
extern const struct device_type PARALLEL_TYPE;
extern const struct device_type DEBUG_PORTS_TYPE;
extern const struct device_type ISA_DEBUG_EXIT_TYPE;
extern const struct device_type SPEAKER_TYPE;
extern const struct device_type PORT92_TYPE;
extern const struct device_type POST_PORT_TYPE;
extern const struct device_type COPROCESSOR_ERROR_TYPE;
extern const struct device_type SHUTDOWN_8900_TYPE;
extern const struct device_type VGA_TYPE;
extern const struct device_type VGA_PCI_TYPE;
extern const struct device_type NE2000_TYPE;
extern const struct device_type NE2000_PCI_TYPE;
extern const struct device_type I440FX_TYPE;
extern const struct device_type PIIX3_TYPE;
extern const struct device_type PIIX3_IDE_TYPE;
extern const struct device_type PIIX4_PM_TYPE;
extern const struct device_type FW_CFG_TYPE;
extern const struct device_type ATA_TYPE;
extern const struct device_type I82077AA_TYPE;
extern const struct device_type LOCAL_APIC_TYPE;
extern const struct device_type IO_APIC_TYPE;
extern const struct device_type HPET_TYPE;
extern const struct device_type VIRTIO_NET_TYPE;
extern const struct device_type VIRTIO_BLK_TYPE;

#endif
