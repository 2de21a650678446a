/* The bounds, two to three times what random guests reached; where data lie in another device's registers
 * instead of RAM, each byte is an access of that device, some 200 blocks. */
#include "devices/work_bounds.h"

#include <stddef.h>
#include <string.h>

const struct work_bound WORK_BOUNDS[] = {
    {"i440fx",     250000,  1000,    "a base address or PAM register moves up to 4,096 pages of the map"},
    {"vga-pci",    25000,   1000,    "switching a mode on clears 16 MiB, page by page"                  },
    {"fw-cfg",     2500000, 1000,    "a DMA request moves an item and at most 4,096 zeros behind it"    },
    {"ata",        3000,    4000000, "16 sectors by DMA, in at most 4,096 regions of 2 bytes"           },
    {"piix3-ide",  3000,    1000,    "the drive's event moves the data"                                 },
    {"i82077aa",   2000,    250000,  "a sector by DMA, or a track formatted"                            },
    {"ne2000",     3000,    25000,   "TBCR asks for up to 64 KiB, which leave the ring byte by byte"    },
    {"ne2000-pci", 3000,    25000,   "TBCR asks for up to 64 KiB, which leave the ring byte by byte"    },
    {"virtio-blk", 200000,  200000,  "4 chains of at most 128 buffers, and 32 KiB of data in each"      },
    {"virtio-net", 200000,  200000,  "128 chains of at most 128 buffers, or a frame in one of them"     },
    {NULL,         3000,    1000,    "registers, and wires to the next chips"                           },
};

const struct work_bound *work_bound_of(const char *type)
{
    const struct work_bound *row = WORK_BOUNDS;
    while (row->type && strcmp(row->type, type) != 0)
        row++;
    return row;
}
