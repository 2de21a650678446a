/* One channel's bus master engine: it moves a drive's DMA data to and from memory by a table of
 * regions. Embedded in the PCI function that owns it (devices/ide_piix3.c). */
#ifndef VITRINE_DEVICES_IDE_BUS_MASTER_H
#define VITRINE_DEVICES_IDE_BUS_MASTER_H

#include "bus/device.h"
#include "bus/dma.h"

enum ide_bm_command { IDE_BM_WRITES_MEMORY = 0x08 /* RWCON */, IDE_BM_START = 0x01 /* SSBM */ };
enum ide_bm_status {
    IDE_BM_DRIVE1_DMA = 0x40, IDE_BM_DRIVE0_DMA = 0x20, IDE_BM_INTERRUPT = 0x04,
    IDE_BM_ERROR = 0x02, IDE_BM_ACTIVE = 0x01
};

struct ide_bus_master {
    struct device *function; /* whose accesses to memory these are */
    struct device *channel;  /* the "ata" device that it serves; NULL: none */
    void (*aborted)(struct device *function); /* nobody answered at a memory address */
    bool is_enabled;         /* PCICMD.BME */
    uint8_t command, status; /* BMICX, BMISX */
    uint32_t table;          /* BMIDTPX */
    uint32_t next;           /* where the next descriptor is */
    uint32_t region, left;   /* where the current region goes on, and its bytes */
    bool is_last;            /* its descriptor had EOT */
};
extern const struct state_field IDE_BUS_MASTER_STATE[];

void ide_bus_master_init(struct ide_bus_master *engine, struct device *function,
                         void (*aborted)(struct device *function));
/* Connects the engine to its channel: DMARQ/DMACK# and INTRQ. */
void ide_bus_master_connect(struct ide_bus_master *engine, struct device *channel);
void ide_bus_master_reset(struct ide_bus_master *engine);
/* PCICMD.BME changed; a transfer that waited for it goes on. */
void ide_bus_master_enable(struct ide_bus_master *engine, bool is_enabled);
void ide_bus_master_write_command(struct ide_bus_master *engine, uint8_t value);
void ide_bus_master_write_status(struct ide_bus_master *engine, uint8_t value);
/* How INTERRUPT and ACTIVE are to be read together, after a transfer was started. */
const char *ide_bus_master_verdict(uint8_t status);

#endif
