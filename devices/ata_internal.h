/* Shared by the files of an ATA channel: ata.c (registers, channel) and ata_*.c. */
#ifndef VITRINE_DEVICES_ATA_INTERNAL_H
#define VITRINE_DEVICES_ATA_INTERNAL_H

#include "bus/block.h"
#include "bus/device.h"
#include "bus/dma.h"
#include "devices/ata.h"
#include "devices/disk_mechanics.h"

enum ata_status {
    ATA_BSY = 0x80, ATA_DRDY = 0x40, ATA_DF = 0x20, ATA_DSC = 0x10, ATA_DRQ = 0x08, ATA_ERR = 0x01
};
enum ata_error { ATA_UNC = 0x40, ATA_IDNF = 0x10, ATA_ABRT = 0x04 };
enum ata_device_bits { ATA_DEVICE_LBA = 0x40, ATA_DEVICE_DEV = 0x10, ATA_DEVICE_HEAD = 0x0F };
enum ata_control_bits { ATA_CONTROL_HOB = 0x80, ATA_CONTROL_SRST = 4, ATA_CONTROL_NIEN = 2 };

#define ATA_READY (ATA_DRDY | ATA_DSC)
#define ATA_DIAGNOSTICS 0x90 /* EXECUTE DEVICE DIAGNOSTIC */
#define ATAPI_BLOCK_SECTORS 4u /* a CD-ROM's block of 2,048 bytes */
#define ATAPI_PACKET_BYTES 12u
enum atapi_sense {
    ATAPI_NO_SENSE = 0x0, ATAPI_NOT_READY = 0x2, ATAPI_MEDIUM_ERROR = 0x3,
    ATAPI_ILLEGAL_REQUEST = 0x5, ATAPI_UNIT_ATTENTION = 0x6
};
enum atapi_event { ATAPI_NO_EVENT = 0, ATAPI_NEW_MEDIA = 2, ATAPI_MEDIA_REMOVAL = 3 };
#define ATA_MULTIPLE_MAX 16u /* sectors; also what one request to the back-end holds */
#define ATA_BUFFER_BYTES (ATA_MULTIPLE_MAX * SECTOR_BYTES)
/* The highest cylinder count of IDENTIFY's word 1 (ATA-3, annex B: 16,383 with 16 heads of 63). */
#define ATA_CYLINDERS_MAX 16383u
#define ATA_ERROR_LOG 5u /* errors that SMART keeps, each as command and outcome */
#define ATA_ERROR_LOG_BYTES 42u
#define ATA_TEST_LOG        21u /* self-tests that its log has room for (8.55.6) */
#define ATA_TEST_LOG_BYTES  24u
#define ATA_HOST_LOG        0x80u /* the first of the logs that the host writes, of one sector each */
#define ATA_HOST_LOGS       32u

enum ata_phase {
    ATA_IDLE, ATA_BUSY, ATA_DATA_IN, ATA_DATA_OUT, ATA_RESETTING,
    ATA_DMA_IN, ATA_DMA_OUT /* DMARQ is raised */
};
/* What the drive's event stands for. */
enum ata_then {
    ATA_THEN_DONE, ATA_THEN_FAIL, ATA_THEN_REQUEST, ATA_THEN_DATA, ATA_THEN_RETRY, ATA_THEN_DMA
};
/* SET FEATURES 03h: kinds of transfer mode, with the mode in the low bits (8.46.4, table 42). */
enum ata_mode { ATA_MODE_PIO = 0x08, ATA_MODE_MULTIWORD = 0x20, ATA_MODE_ULTRA = 0x40 };
#define ATA_DMA_MODES 0x07u /* multiword 0-2, Ultra 0-2, by bit: what a 40-wire cable carries */
enum ata_power { ATA_STANDBY = 0x00, ATA_STANDS_IDLE = 0x80, ATA_ACTIVE = 0xFF };

/* A command block register: [0] as written last, [1] before (48-bit commands, HOB). */
struct ata_drive {
    struct ata *channel;
    struct block *block; /* the disk, or the disc in the drive; NULL: none */
    bool is_there;
    bool is_packet;      /* a CD-ROM drive */
    struct block_geometry geometry;
    char model[41], serial[21];

    uint8_t feature[2], count[2], low[2], middle[2], high[2];
    uint8_t device; /* LBA bit and head */
    uint8_t status, error, command;
    bool irq_pending;

    uint16_t heads, sectors; /* of the current translation (91h) */
    uint32_t cylinders;
    uint8_t multiple;        /* 0: READ MULTIPLE is disabled */
    bool has_write_cache, has_look_ahead, keeps_settings;
    uint8_t power;
    uint8_t apm_level; /* advanced power management, 01h-FEh; 0: off */
    uint8_t dma_mode; /* ATA_MODE_MULTIWORD or ATA_MODE_ULTRA, with its number */
    bool is_asleep;
    uint64_t standby_ns;    /* after the last command; 0: the timer does not run */
    struct event standby;
    uint8_t previous;       /* the command before this one */
    uint64_t limit_sectors; /* SET MAX ADDRESS: what can be reached; 0: all */

    struct ata_cdrom cdrom; /* its pile of discs */
    uint8_t disc;           /* which of them is, or will be, in the drive */
    bool is_tray_open, is_locked;
    uint8_t sense, sense_code, sense_qualifier; /* why the last packet failed */
    uint8_t attention;      /* additional sense code that the host was not told yet; 0: none */
    uint8_t media_event;    /* GET EVENT STATUS NOTIFICATION: since it was asked last */
    uint16_t byte_limit;    /* of a DRQ block, as the host wishes it */
    uint8_t packet[12];
    uint16_t list_bytes;    /* of the parameter list that the host is to give; 0: none */
    uint8_t error_recovery, retries; /* mode page 01h */
    uint16_t speed_kb;      /* SET CD SPEED: kilobytes a second */

    bool is_smart_enabled;
    uint32_t read_errors, errors;
    uint64_t sectors_read, sectors_written;
    uint8_t issued[12]; /* the command's registers, as SMART's log has them */
    uint8_t error_log[ATA_ERROR_LOG * ATA_ERROR_LOG_BYTES]; /* error n at n modulo 5 */
    uint8_t *host_logs;
    size_t host_logs_bytes;

    /* Self-tests and off-line collection: ata_self_test.c. */
    bool is_testing, is_auto_offline, is_test_out; /* the last: the back-end has its request */
    uint8_t test;                                  /* which: the subcommand */
    uint8_t test_status, collection;               /* how the last ones ended */
    uint8_t test_result;
    uint32_t test_done; /* sectors of the step */
    uint32_t tests;
    uint64_t test_step, test_mechanics_ns, test_cause;
    uint8_t test_log[ATA_TEST_LOG * ATA_TEST_LOG_BYTES]; /* test n at n modulo 21 */
    uint8_t *test_buffer;                                /* of ATA_BUFFER_BYTES, for verifying */
    struct block_request test_request;
    struct event test_event;

    uint8_t phase, then;
    bool is_lba, is_media;   /* how the command's address is given; it has one */
    bool is_dma;             /* its data go by DMA */
    uint64_t position;       /* next sector, counted in the current translation */
    uint32_t remaining;      /* sectors of the command that were not transferred yet */
    uint32_t block_sectors;  /* to a DRQ block */
    uint32_t at, end, filled; /* in the buffer: next byte, end of the DRQ block, end of the data */
    uint8_t *buffer;
    size_t buffer_bytes;

    bool is_request_out;     /* the back-end has it */
    uint8_t request_op, result;
    uint32_t request_sectors, done_sectors;
    uint64_t cause;
    uint64_t ready_when;     /* the mechanics are not done before */
    struct event event;
    struct block_request request;
    bool is_realistic;       /* arm and spindle take their time */
    struct disk_mechanics mechanics;
};

struct ata {
    struct device device;
    struct ata_drive drives[2];
    uint8_t selected, control;
    bool is_decoded;
    uint8_t multiple_at_reset;
    uint64_t delay_ns;
    uint64_t base, control_base;
    struct irq_line irq;
    struct irq_line intrq;  /* the same wire, where the bus master watches it */
    struct dma_channel dma; /* transfer NULL: nobody answers DMARQ */
};

/* ata_commands.c */
struct ata_command {
    uint8_t code, last; /* first and last code of the row */
    const char *name;
    bool is_ext;        /* 48-bit address and count */
    enum ata_addressing {
        ATA_NO_ADDRESS, ATA_ONE_SECTOR, ATA_SECTORS,
        ATA_LIMIT /* an address, but no sector is touched */
    } addressing;
    enum ata_obeys { ATA_DISK = 1, ATA_PACKET = 2, ATA_BOTH = 3 } who;
    void (*start)(struct ata_drive *drive, const struct ata_command *command);
};
/* NULL: this kind of drive aborts it. */
const struct ata_command *ata_command_find(const struct ata_drive *drive, uint8_t code);
/* The command register was written, the drive being ready for it. */
void ata_command_start(struct ata_drive *drive, uint8_t code);
void ata_drive_signature(struct ata_drive *drive);
/* Sectors that the count register asks for; the address in words. */
uint32_t ata_sectors_asked(const struct ata_drive *drive, bool is_ext);
void ata_address_text(const struct ata_drive *drive, bool is_ext, char *text, size_t size);
/* The translation as a geometry; and the registers made to name a sector and how many are left. */
struct block_geometry ata_translation(const struct ata_drive *drive);
void ata_put_address(struct ata_drive *drive, uint64_t position, uint32_t remaining);

bool ata_is_seek(uint8_t code);
/* What arm and spindle will have to do for a command: "; arm from cylinder 0 to 12: ...", or "". */
void ata_mechanics_text(const struct ata_drive *drive, const struct ata_command *command, char *text,
                        size_t size);
/* Takes the address from the registers; false (and a failure) when the drive itself refuses it. */
bool ata_take_address(struct ata_drive *drive, const struct ata_command *command);

/* ata_settings.c */
void ata_power_on(struct ata_drive *drive);
/* Default translation; and what a reset without 66h does. */
void ata_translation_reset(struct ata_drive *drive);
void ata_settings_reset(struct ata_drive *drive);
uint64_t ata_reachable(const struct ata_drive *drive); /* sectors, by SET MAX ADDRESS */
void ata_standby_restart(struct ata_drive *drive); /* a command has ended */
void ata_standby_event(void *drive);
void ata_start_translation(struct ata_drive *drive, const struct ata_command *command);
void ata_start_set_multiple(struct ata_drive *drive, const struct ata_command *command);
void ata_start_set_features(struct ata_drive *drive, const struct ata_command *command);
void ata_start_idle(struct ata_drive *drive, const struct ata_command *command);
void ata_start_standby(struct ata_drive *drive, const struct ata_command *command);
void ata_start_check_power(struct ata_drive *drive, const struct ata_command *command);
void ata_start_sleep(struct ata_drive *drive, const struct ata_command *command);
void ata_start_read_native_max(struct ata_drive *drive, const struct ata_command *command);
void ata_start_set_max(struct ata_drive *drive, const struct ata_command *command);

/* ata_self_test.c */
bool ata_self_test_start(struct ata_drive *drive);         /* D4h; false: no such subcommand */
bool ata_self_test_set_automatic(struct ata_drive *drive); /* DBh; false: neither on nor off */
void ata_self_test_abort(struct ata_drive *drive);
void ata_self_test_reset(struct ata_drive *drive); /* by SRST or RESET# */
void ata_self_test_event(void *drive);
void ata_self_test_loaded(struct ata_drive *drive);
void ata_self_test_put_data(const struct ata_drive *drive, uint8_t *bytes);
void ata_self_test_put_log(const struct ata_drive *drive, uint8_t *bytes);

/* ata_smart.c */
uint16_t ata_smart_hours(const struct ata_drive *drive);
void ata_smart_log_written(struct ata_drive *drive); /* its sector is in the buffer */
void ata_start_smart(struct ata_drive *drive, const struct ata_command *command);
void ata_smart_note_command(struct ata_drive *drive);
void ata_smart_note_request(struct ata_drive *drive); /* done_sectors of request_op are over */
void ata_smart_note_error(struct ata_drive *drive); /* of the medium; after the registers tell it */

/* ata_transfer.c */
void ata_drive_event(void *drive);
/* The DRQ block was read or written to its end. */
void ata_block_moved(struct ata_drive *drive);
void ata_dma_go_on(struct ata_drive *drive); /* DMACK#, if it waits for it */
void ata_drive_stop(struct ata_drive *drive); /* forgets command and request */
void ata_submit(struct ata_drive *drive); /* (again) what request_op and the like say */
/* Ends of a command: now (within an event), or a little later (within a register's write). */
void ata_finish(struct ata_drive *drive);
void ata_finish_error(struct ata_drive *drive, uint8_t error);
void ata_later(struct ata_drive *drive, enum ata_then then, uint64_t delay_ns);
void ata_done_later(struct ata_drive *drive);
void ata_fail_later(struct ata_drive *drive, uint8_t error);
/* The command's data phase, from `position` for `remaining` sectors, in DRQ blocks of
 * `block_sectors`. */
void ata_read_media(struct ata_drive *drive);
void ata_write_media(struct ata_drive *drive);
void ata_verify_media(struct ata_drive *drive);
void ata_flush_media(struct ata_drive *drive);
/* Shows the next bytes of the buffer, up to `end`, as a DRQ block with its interrupt. */
void ata_show_block(struct ata_drive *drive, uint32_t end);
/* Data in that is in the buffer already. */
void ata_show(struct ata_drive *drive, uint32_t bytes);
/* A block of a packet's parameter list is asked for, with its interrupt. */
void ata_ask_block(struct ata_drive *drive, uint32_t end);
/* The host is to give so many, of no sector, into the buffer. */
void ata_take(struct ata_drive *drive, uint32_t bytes);

/* ata.c */
void ata_update_irq(struct ata *channel);
/* atapi.c: the packet protocol. */
/* A PACKET command is being carried out: its end, its blocks and errors are the packet protocol's. */
bool atapi_is_active(const struct ata_drive *drive);
void atapi_start_packet(struct ata_drive *drive, const struct ata_command *command);
void atapi_start_identify(struct ata_drive *drive, const struct ata_command *command);
void atapi_start_reset(struct ata_drive *drive, const struct ata_command *command);
void atapi_power_on(struct ata_drive *drive);
void atapi_packet_written(struct ata_drive *drive); /* its twelve bytes are in the buffer */
void atapi_list_block_written(struct ata_drive *drive);
void atapi_show_block(struct ata_drive *drive);
void atapi_ready(struct ata_drive *drive); /* the command ends well: its interrupt reason */
void atapi_media_error(struct ata_drive *drive);
/* The disc that is in the drive now: after loading a state. */
void atapi_disc_loaded(struct ata_drive *drive);

/* Ends of a packet's command, for atapi_commands.c. */
void atapi_fail(struct ata_drive *drive, uint8_t sense, uint8_t code, uint8_t qualifier);
void atapi_done(struct ata_drive *drive);
/* The first `bytes` of the buffer, as far as the host has room for them. */
void atapi_reply(struct ata_drive *drive, uint32_t bytes, uint32_t room);
/* The packet has a parameter list: its list_written is called when that is in the buffer. */
void atapi_take_list(struct ata_drive *drive, uint32_t bytes);
/* 2,048-byte blocks; false (and a failure): not all of them are on the disc. */
bool atapi_check_range(struct ata_drive *drive, uint64_t lba, uint64_t blocks);
void atapi_read(struct ata_drive *drive, uint64_t lba, uint64_t blocks);
uint32_t atapi_blocks(const struct ata_drive *drive); /* of the disc; 0: none */
void atapi_open_tray(struct ata_drive *drive);
void atapi_close_tray(struct ata_drive *drive);

/* atapi_commands.c */
struct atapi_command {
    uint8_t code;
    const char *name;
    bool needs_disc;
    bool bears_attention; /* a unit attention does not keep it from being carried out */
    void (*start)(struct ata_drive *drive);
    void (*list_written)(struct ata_drive *drive); /* after atapi_take_list() */
};
void atapi_modes_reset(struct ata_drive *drive);
const struct atapi_command *atapi_command_find(uint8_t code); /* NULL: not known */

/* ata_identify.c: 512 bytes. Pure. */
void ata_identify(const struct ata_drive *drive, uint8_t *bytes);
void ata_identify_packet(const struct ata_drive *drive, uint8_t *bytes);
/* The last byte makes the sum of all 512 zero. */
void ata_put_checksum(uint8_t *bytes);

#endif
