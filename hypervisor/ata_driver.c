/* The VMM's native ATA driver.
 *
 * Specification: ATA-4 (T13/1153D), sections 7 (registers), 8.26 READ MULTIPLE, 8.47 WRITE
 * MULTIPLE, 9.5/9.6 (PIO data-in and data-out protocols). One request at a time; which is next, disk_queue.h says:
 *
 *   IDLE ─ command ─ read ──► WAIT_IRQ ─irq─ REP INSW of a block ─┬─ more: WAIT_IRQ
 *                  ─ write ─► WAIT_DRQ (polled by an event) ─ REP OUTSW ─► WAIT_IRQ ─┤
 *                  ─ flush ─► WAIT_IRQ                             └─ done: next request
 *                  ─ by DMA ─► WAIT_IRQ ─irq─ all of it at once; an error: the same by PIO
 *
 * Addresses are physical C/H/S. Before each command the driver checks, without using the map, that
 * every cylinder it touches belongs to the guest that asked. MISSING: time-outs of the drive
 * (it always answers, but stays busy while the file behind it has no room: the queue waits so long). */
#include "hypervisor/ata_driver.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "hypervisor/ata_dma.h"
#include "hypervisor/disk_queue.h"
#include "hypervisor/guest.h"

#define PORT_DATA 0x1F0u
#define PORT_COUNT 0x1F2u
#define PORT_SECTOR 0x1F3u
#define PORT_CYLINDER_LOW 0x1F4u
#define PORT_CYLINDER_HIGH 0x1F5u
#define PORT_DEVICE_HEAD 0x1F6u
#define PORT_STATUS 0x1F7u
#define PORT_COMMAND 0x1F7u
#define PORT_ERROR 0x1F1u
#define PORT_ALTERNATE 0x3F6u
#define STATUS_BSY 0x80u
#define STATUS_DF 0x20u
#define STATUS_DRQ 0x08u
#define STATUS_ERR 0x01u
#define DEVICE_OBSOLETE 0xA0u /* bits 7 and 5 are written as one */
#define COMMAND_VERIFY 0x40u
#define COMMAND_READ_MULTIPLE 0xC4u
#define COMMAND_WRITE_MULTIPLE 0xC5u
#define COMMAND_SET_MULTIPLE 0xC6u
#define COMMAND_FLUSH 0xE7u
#define COMMAND_READ_DMA 0xC8u
#define COMMAND_WRITE_DMA 0xCAu
#define SECTORS_MAX 256u
#define BLOCK_SECTORS 16u /* of a READ or WRITE MULTIPLE: one interrupt each */
#define WORDS 256u
/* The host has no firmware: the driver has the PIIX3 (82371SB, 2.3) decode the channels' ports. */
#define IDE_SLOT 1u
#define IDE_FUNCTION 1u
#define CONFIG_COMMAND 0x04u
#define COMMAND_PORTS 0x01u
#define CONFIG_IDETIM 0x40u
#define IDETIM_BOTH 0x80008000u /* IDE decode enable, primary and secondary */
#define ATA_IRQ 14u
#define POLL_NS 2000u

#define CONTROL_SRST 0x04u
enum driver_state {
    DRIVER_SETTING, /* SET MULTIPLE MODE is under way */
    DRIVER_IDLE,
    DRIVER_WAIT_DRQ,
    DRIVER_WAIT_IRQ,
    DRIVER_RESETTING
};

struct ata_driver {
    struct vmm *vmm;
    enum context context; /* in which it runs */
    struct vmm_part part;
    struct block_geometry geometry;
    struct event poll;
    enum driver_state state;
    struct disk_queue queue;
    bool wants_poll; /* the poll event fired */
    struct disk_job job;
    bool has_job, has_dma_failed;
    uint32_t command_left; /* sectors of the running command that are not yet moved */
    uint8_t spare[BLOCK_SECTORS * SECTOR_BYTES];
    struct ata_driver_counts counts;
};

/* --- ending a job ------------------------------------------------------------------------------------ */

static void finish(struct ata_driver *driver, enum block_result result)
{
    struct disk_job *job = &driver->job;
    struct block_request *request = job->request;
    driver->state = DRIVER_IDLE;
    driver->has_job = false;
    vmm_kick(driver->vmm, &driver->part);
    if (result != BLOCK_OK)
        driver->counts.errors++;
    if (!request)
        return;
    request->done_sectors = job->done;
    request->result = result == BLOCK_OK && job->is_cut ? BLOCK_RANGE : result;
    request->complete(request);
}

/* --- one command ---------------------------------------------------------------------------------------- */

/* The owner's check, independent of vdisk_map(): all cylinders of the command are the guest's. */
static bool is_owned(const struct disk_job *job, const struct block_geometry *g, uint32_t sectors)
{
    uint64_t first, last;
    if (job->guest->vmm->lab->is_arbiter_off)
        return true; /* the user wants to see what happens */
    if (!job->guest->lab->has_disk || (job->op == BLOCK_WRITE && job->guest->lab->is_disk_shared) ||
        !block_chs_to_lba(g, &job->at, &first))
        return false;
    last = (first + sectors - 1) / ((uint64_t)g->heads * g->sectors);
    return job->at.cylinder >= job->guest->lab->first_cylinder &&
           last <= job->guest->lab->last_cylinder;
}

static void poll_later(struct ata_driver *driver)
{
    struct clock *clock = &driver->vmm->world->clock;
    event_arm(&driver->poll, clock_after_ns(clock, POLL_NS));
}

static void write_address(struct ata_driver *driver, uint32_t sectors)
{
    struct vmm *vmm = driver->vmm;
    const struct block_address *at = &driver->job.at;
    host_outb(vmm, PORT_DEVICE_HEAD, (uint8_t)(DEVICE_OBSOLETE | at->head));
    host_outb(vmm, PORT_COUNT, (uint8_t)sectors); /* 0 means 256 */
    host_outb(vmm, PORT_SECTOR, (uint8_t)at->sector);
    host_outb(vmm, PORT_CYLINDER_LOW, (uint8_t)at->cylinder);
    host_outb(vmm, PORT_CYLINDER_HIGH, (uint8_t)(at->cylinder >> 8));
}

/* Reads and writes, where LAB.ini says so and it has not failed for this job: then PIO finds out how far
 * the drive comes. */
static bool is_by_dma(const struct ata_driver *driver)
{
    return driver->vmm->lab->drivers.has_disk_dma && !driver->has_dma_failed &&
           (driver->job.op == BLOCK_READ || driver->job.op == BLOCK_WRITE);
}

static void start_dma(struct ata_driver *driver, uint32_t sectors)
{
    struct disk_job *job = &driver->job;
    bool is_write = job->op == BLOCK_WRITE;
    driver->counts.transfers++;
    if (is_write) {
        vmm_charge(driver->vmm, job->guest, IO_DISK, COST_COPY_KIB, (sectors + 1) / 2);
        ata_dma_prepare_write(driver->vmm, job->request->bytes + (size_t)job->done * SECTOR_BYTES, sectors);
    } else {
        ata_dma_prepare_read(driver->vmm, sectors);
    }
    driver->state = DRIVER_WAIT_IRQ;
    host_outb(driver->vmm, PORT_COMMAND, is_write ? COMMAND_WRITE_DMA : COMMAND_READ_DMA);
    ata_dma_start(driver->vmm);
}

static void start_command(struct ata_driver *driver)
{
    struct disk_job *job = &driver->job;
    uint32_t sectors = job->sectors - job->done;
    driver->counts.commands++;
    if (job->op == BLOCK_FLUSH) {
        driver->counts.flushes++;
        driver->state = DRIVER_WAIT_IRQ;
        host_outb(driver->vmm, PORT_DEVICE_HEAD, DEVICE_OBSOLETE);
        host_outb(driver->vmm, PORT_COMMAND, COMMAND_FLUSH);
        return;
    }
    if (sectors > SECTORS_MAX)
        sectors = SECTORS_MAX;
    if (!is_owned(job, &driver->geometry, sectors)) {
        log_line(&driver->vmm->world->log, LOG_ERROR,
                 "arbiter: guest %s would reach cylinder %u, which is not its own: refused",
                 job->guest->lab->name, job->at.cylinder);
        finish(driver, BLOCK_RANGE);
        return;
    }
    driver->command_left = sectors;
    write_address(driver, sectors);
    if (is_by_dma(driver)) {
        start_dma(driver, sectors);
    } else if (job->op == BLOCK_WRITE) {
        driver->state = DRIVER_WAIT_DRQ;
        host_outb(driver->vmm, PORT_COMMAND, COMMAND_WRITE_MULTIPLE);
        poll_later(driver);
    } else {
        driver->state = DRIVER_WAIT_IRQ;
        host_outb(driver->vmm, PORT_COMMAND,
                  job->op == BLOCK_READ ? COMMAND_READ_MULTIPLE : COMMAND_VERIFY);
    }
}

static void advance(struct ata_driver *driver, uint32_t sectors)
{
    struct disk_job *job = &driver->job;
    uint64_t lba;
    job->done += sectors;
    driver->command_left -= sectors;
    if (block_chs_to_lba(&driver->geometry, &job->at, &lba))
        job->at = block_lba_to_chs(&driver->geometry, lba + sectors);
}

/* The command's sectors are done: the next command of the job, or its end. */
static void command_done(struct ata_driver *driver)
{
    if (driver->job.done < driver->job.sectors && driver->job.request)
        start_command(driver);
    else
        finish(driver, BLOCK_OK);
}

/* Sectors of the block that is moved next. */
static uint32_t block_sectors(const struct ata_driver *driver)
{
    return driver->command_left < BLOCK_SECTORS ? driver->command_left : BLOCK_SECTORS;
}

static uint8_t *block_bytes(struct ata_driver *driver)
{
    struct disk_job *job = &driver->job;
    return job->request ? job->request->bytes + (size_t)job->done * SECTOR_BYTES : driver->spare;
}

/* Nobody wants the rest of a write any more: a software reset (ATA-4 9.2) drops it. */
static void drop_write(struct ata_driver *driver)
{
    driver->state = DRIVER_RESETTING;
    host_outb(driver->vmm, PORT_ALTERNATE, CONTROL_SRST);
    host_outb(driver->vmm, PORT_ALTERNATE, 0x00);
    poll_later(driver);
}

/* Writes the next block; the drive interrupts when it has it. */
static void send_block(struct ata_driver *driver)
{
    if (!driver->job.request) {
        drop_write(driver);
        return;
    }
    vmm_charge(driver->vmm, driver->job.guest, IO_DISK, COST_COPY_KIB, (block_sectors(driver) + 1) / 2);
    driver->state = DRIVER_WAIT_IRQ;
    driver->counts.sectors_written += block_sectors(driver);
    host_outsw(driver->vmm, PORT_DATA, block_bytes(driver), block_sectors(driver) * WORDS);
}

/* The event only asks for the VMM's time: its work is charged when it is done. */
static void fire_poll(void *self)
{
    struct ata_driver *driver = self;
    driver->wants_poll = true;
    vmm_kick(driver->vmm, &driver->part);
}

static void poll(struct ata_driver *driver)
{
    uint8_t status;
    context_enter(driver->vmm, driver->context, driver->job.guest, IO_DISK);
    driver->vmm->world->door.cause = driver->job.cause;
    status = host_inb(driver->vmm, PORT_ALTERNATE);
    if (driver->state == DRIVER_WAIT_DRQ) {
        if (status & STATUS_BSY)
            poll_later(driver);
        else if (status & (STATUS_ERR | STATUS_DF))
            finish(driver, BLOCK_WRITE_ERROR);
        else if (status & STATUS_DRQ)
            send_block(driver);
        else
            poll_later(driver);
    } else if (driver->state == DRIVER_RESETTING) {
        if (status & STATUS_BSY)
            poll_later(driver);
        else
            finish(driver, BLOCK_OK);
    }
    driver->vmm->world->door.cause = 0;
}

/* --- the drive's interrupt ------------------------------------------------------------------------------------ */

/* The drive's registers have the sector in error (ATA-3, 7.7.5); before it all is well. A block of READ MULTIPLE that
 * comes to it is a part of one: words past the part were none. */
static void stop_at_error(struct ata_driver *driver)
{
    struct vmm *vmm = driver->vmm;
    struct disk_job *job = &driver->job;
    struct block_address at = {.cylinder = host_inb(vmm, PORT_CYLINDER_LOW) |
                                           (uint32_t)host_inb(vmm, PORT_CYLINDER_HIGH) << 8,
                               .head = host_inb(vmm, PORT_DEVICE_HEAD) & 15u,
                               .sector = host_inb(vmm, PORT_SECTOR)};
    uint64_t next, error, most = job->done;
    if (job->op != BLOCK_READ)
        most += driver->command_left;
    if (job->op != BLOCK_FLUSH && block_chs_to_lba(&driver->geometry, &job->at, &next) &&
        block_chs_to_lba(&driver->geometry, &at, &error) && error + job->done >= next &&
        error + job->done - next <= most)
        job->done = (uint32_t)(error + job->done - next);
    finish(driver, job->op == BLOCK_WRITE || job->op == BLOCK_FLUSH ? BLOCK_WRITE_ERROR
                                                                    : BLOCK_READ_ERROR);
}

/* Behind the last block comes no interrupt, unless it was no whole one: then for the error. */
static void read_is_over(struct ata_driver *driver)
{
    uint8_t status = host_inb(driver->vmm, PORT_ALTERNATE);
    if (status & (STATUS_BSY | STATUS_DRQ))
        driver->state = DRIVER_WAIT_IRQ;
    else if (status & (STATUS_ERR | STATUS_DF))
        stop_at_error(driver);
    else
        command_done(driver);
}

static void read_block(struct ata_driver *driver)
{
    uint32_t sectors = block_sectors(driver);
    vmm_charge(driver->vmm, driver->job.guest, IO_DISK, COST_COPY_KIB, (sectors + 1) / 2);
    driver->counts.sectors_read += sectors;
    host_insw(driver->vmm, PORT_DATA, block_bytes(driver), sectors * WORDS);
    advance(driver, sectors);
    if (driver->command_left == 0)
        read_is_over(driver);
}

static void block_written(struct ata_driver *driver, uint8_t status)
{
    advance(driver, block_sectors(driver));
    if (driver->command_left == 0)
        command_done(driver);
    else if (status & STATUS_DRQ)
        send_block(driver);
    else
        finish(driver, BLOCK_WRITE_ERROR);
}

/* The transfer is over: all of it came, or the command is given again, by PIO. */
static void dma_done(struct ata_driver *driver, uint8_t status)
{
    struct disk_job *job = &driver->job;
    uint32_t sectors = driver->command_left;
    if (!ata_dma_finish(driver->vmm) || (status & (STATUS_ERR | STATUS_DF))) {
        driver->has_dma_failed = true;
        if (job->request)
            start_command(driver);
        else
            finish(driver, BLOCK_OK);
        return;
    }
    *(job->op == BLOCK_READ ? &driver->counts.sectors_read : &driver->counts.sectors_written) += sectors;
    if (job->op == BLOCK_READ && job->request) {
        vmm_charge(driver->vmm, job->guest, IO_DISK, COST_COPY_KIB, (sectors + 1) / 2);
        ata_dma_take(driver->vmm, job->request->bytes + (size_t)job->done * SECTOR_BYTES, sectors);
    }
    advance(driver, sectors);
    command_done(driver);
}

static void isr(void *self)
{
    struct ata_driver *driver = self;
    struct disk_job *job = &driver->job;
    uint8_t status;
    context_enter(driver->vmm, driver->context, job->guest, IO_DISK);
    driver->counts.interrupts++;
    driver->vmm->world->door.cause = driver->has_job ? job->cause : 0;
    status = host_inb(driver->vmm, PORT_STATUS); /* also takes the interrupt request back */
    if (driver->state == DRIVER_SETTING) {
        if (status & STATUS_ERR)
            log_line(&driver->vmm->world->log, LOG_ERROR, "the host's drive refuses SET MULTIPLE MODE");
        driver->state = DRIVER_IDLE;
        vmm_kick(driver->vmm, &driver->part);
    }
    if (driver->state == DRIVER_WAIT_IRQ && !(status & STATUS_BSY)) {
        if (driver->has_job && is_by_dma(driver))
            dma_done(driver, status);
        else if (status & (STATUS_ERR | STATUS_DF))
            stop_at_error(driver);
        else if (job->op == BLOCK_READ && (status & STATUS_DRQ) && driver->command_left)
            read_block(driver);
        else if (job->op == BLOCK_READ && driver->command_left == 0)
            command_done(driver);
        else if (job->op == BLOCK_WRITE)
            block_written(driver, status);
        else if (job->op == BLOCK_VERIFY) {
            advance(driver, driver->command_left);
            command_done(driver);
        } else if (job->op == BLOCK_FLUSH) {
            finish(driver, BLOCK_OK);
        }
    }
    driver->vmm->world->door.cause = 0;
}

/* --- the queue ---------------------------------------------------------------------------------------------------- */

static void work(void *self)
{
    struct ata_driver *driver = self;
    if (driver->wants_poll) {
        driver->wants_poll = false;
        poll(driver);
    }
    if (driver->state != DRIVER_IDLE || !disk_queue_take(&driver->queue, &driver->job))
        return;
    driver->has_job = true;
    driver->has_dma_failed = false;
    context_enter(driver->vmm, driver->context, driver->job.guest, IO_DISK);
    driver->vmm->world->door.cause = driver->job.cause;
    start_command(driver);
    driver->vmm->world->door.cause = 0;
}

void ata_driver_enqueue(struct ata_driver *driver, struct guest *guest,
                        struct block_request *request, const struct block_address *physical,
                        uint32_t sectors)
{
    struct disk_job job = {.guest = guest, .owner = guest->number, .request = request,
                           .op = request->op, .at = *physical, .sectors = sectors,
                           .cause = request->cause};
    job.at.is_chs = true;
    job.is_cut = request->op != BLOCK_FLUSH && sectors < request->sectors;
    if (!disk_queue_put(&driver->queue, &job)) { /* more than a virtual drive can have under way */
        request->result = BLOCK_WRITE_ERROR;
        request->complete(request);
        return;
    }
    vmm_kick(driver->vmm, &driver->part);
}

void ata_driver_cancel(struct ata_driver *driver, struct block_request *request)
{
    if (driver->has_job && driver->job.request == request)
        driver->job.request = NULL;
    disk_queue_cancel(&driver->queue, request);
}

bool ata_driver_is_busy(const struct ata_driver *driver)
{
    return driver && (driver->has_job || driver->queue.waiting);
}

const struct guest *ata_driver_client(const struct ata_driver *driver)
{
    return driver && driver->has_job ? driver->job.guest : NULL;
}

const struct ata_driver_counts *ata_driver_counts(const struct ata_driver *driver)
{
    return &driver->counts;
}

enum status ata_driver_new(struct ata_driver **driver, struct vmm *vmm,
                           const struct block_geometry *geometry, struct error *error)
{
    struct ata_driver *made = calloc(1, sizeof *made);
    *driver = NULL;
    if (!made || !disk_queue_init(&made->queue, vmm->lab)) {
        free(made);
        return error_set(error, STATUS_INTERNAL, "out of memory for the disk driver");
    }
    made->vmm = vmm;
    made->context = context_of(vmm->lab->drivers.disk);
    made->geometry = *geometry;
    made->part.work = work;
    made->part.self = made;
    vmm_add_part(vmm, &made->part);
    event_init(&made->poll, &vmm->world->clock, "ata-driver-poll", fire_poll, made);
    vmm_set_isr(vmm, ATA_IRQ, isr, made);
    host_pci_write(vmm, IDE_SLOT, IDE_FUNCTION, CONFIG_COMMAND, COMMAND_PORTS);
    if (vmm->lab->drivers.has_disk_dma)
        ata_dma_init(vmm);
    host_pci_write(vmm, IDE_SLOT, IDE_FUNCTION, CONFIG_IDETIM, IDETIM_BOTH);
    host_outb(vmm, PORT_DEVICE_HEAD, DEVICE_OBSOLETE);
    host_outb(vmm, PORT_ALTERNATE, 0x00); /* nIEN = 0: the drive may interrupt */
    host_outb(vmm, PORT_COUNT, BLOCK_SECTORS);
    host_outb(vmm, PORT_COMMAND, COMMAND_SET_MULTIPLE);
    *driver = made;
    return STATUS_OK;
}

void ata_driver_free(struct ata_driver *driver)
{
    if (!driver)
        return;
    event_fini(&driver->poll);
    disk_queue_fini(&driver->queue);
    free(driver);
}
