/* Every device type of the program. A new device is one row here and one line in devices/types.h. */
#include "devices/types.h"

const struct device_type *const DEVICE_TYPES[] = {
    &I8259_TYPE,
    &I8254_TYPE,
    &I8237_TYPE,
    &MC146818_TYPE,
    &I8042_TYPE,
    &PS2_KEYBOARD_TYPE,
    &PS2_MOUSE_TYPE,
    &UART16550_TYPE,
    &DEBUG_PORTS_TYPE,
    &ISA_DEBUG_EXIT_TYPE,
    &SPEAKER_TYPE,
    &PORT92_TYPE,
    &POST_PORT_TYPE,
    &SHUTDOWN_8900_TYPE,
    &VGA_TYPE,
    &VGA_PCI_TYPE,
    &I440FX_TYPE,
    &PIIX3_TYPE,
    &FW_CFG_TYPE,
    &NE2000_TYPE,
    &NE2000_PCI_TYPE,
    &ATA_TYPE,
    &PIIX3_IDE_TYPE,
    NULL,
};
