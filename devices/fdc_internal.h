/* Shared by the files of the diskette controller: i82077aa.c (registers, drives), fdc_commands.c
 * (the command, execution and result phases), fdc_transfer.c (sectors). */
#ifndef VITRINE_DEVICES_FDC_INTERNAL_H
#define VITRINE_DEVICES_FDC_INTERNAL_H

#include "bus/block.h"
#include "bus/device.h"
#include "bus/dma.h"
#include "devices/floppy_disk.h"
#include "devices/i82077aa.h"

enum fdc_dor { DOR_SELECT = 0x03, DOR_RESET = 0x04 /* low: reset */, DOR_DMAGATE = 0x08 };
enum fdc_msr { MSR_RQM = 0x80, MSR_DIO = 0x40, MSR_NON_DMA = 0x20, MSR_BUSY = 0x10 };
enum fdc_dsr { DSR_RESET = 0x80, DSR_POWER_DOWN = 0x40, DSR_RATE = 0x03 };
enum fdc_configure { CONF_EIS = 0x40, CONF_EFIFO = 0x20, CONF_POLL = 0x10, CONF_FIFOTHR = 0x0F };
enum fdc_st0 {
    ST0_ABNORMAL = 0x40,
    ST0_INVALID = 0x80,
    ST0_POLLED = 0xC0,
    ST0_SE = 0x20,
    ST0_EC = 0x10
};
enum fdc_st1 {
    ST1_EN = 0x80,
    ST1_DE = 0x20,
    ST1_OR = 0x10,
    ST1_ND = 0x04,
    ST1_NW = 0x02,
    ST1_MA = 0x01
};
enum fdc_st2 {
    ST2_CM = 0x40,
    ST2_DD = 0x20,
    ST2_WC = 0x10,
    ST2_SH = 0x08,
    ST2_SN = 0x04,
    ST2_BC = 0x02
};
enum fdc_st3 { ST3_WP = 0x40, ST3_T0 = 0x10, ST3_ONES = 0x28 };
enum fdc_code_bits { CODE_MT = 0x80, CODE_MFM = 0x40, CODE_SK = 0x20 };

#define FDC_PARAMETERS 9u /* bytes of the longest command, its code included */
#define FDC_RESULTS    10u
#define FDC_FIFO_BYTES 16u
#define FDC_MAP_BYTES  (FLOPPY_SECTORS_MAX / 8)

enum fdc_phase { FDC_COMMAND, FDC_EXECUTION, FDC_RESULT };
/* What the controller's event stands for. */
enum fdc_then {
    FDC_THEN_SEARCH, /* for the sector in hand */
    FDC_THEN_FILL,   /* its data are asked of the host, to be written */
    FDC_THEN_SECTOR, /* it passed below the head: read, written or formatted */
    FDC_THEN_MOVED,  /* the host has had all of it */
    FDC_THEN_CHUNK,  /* the FIFO has data, or room, again */
    FDC_THEN_RETRY,  /* the workstation's disk was full */
    FDC_THEN_FAIL    /* with the status that is there */
};

struct fdc;
enum fdc_order { ORDER_EQUAL, ORDER_LOW, ORDER_HIGH };

struct fdc_drive {
    uint8_t type;      /* CMOS type; 0: nothing is connected */
    bool is_realistic; /* motor, arm and spindle take their time */
    struct block *disks[FLOPPY_DISKS];
    uint8_t disk_count, disk;           /* the pile, and which of it is in; disk_count: none */
    struct block *block;                /* that one */
    const struct floppy_format *format; /* and its format */
    uint8_t steps;                      /* where the heads are: steps from the outermost cylinder */
    bool is_changed;                    /* DSKCHG: no step since a diskette was put in */
    uint64_t turns_from_ns;             /* when the motor is at speed; only while it is on */
    uint8_t deleted[FDC_MAP_BYTES];     /* sectors with a deleted data address mark, by bit */
    struct event seek;
    struct fdc *seek_owner;
    uint8_t seek_status; /* of ST0, when it is over */
};

struct fdc_command;

struct fdc {
    struct device device;
    struct fdc_drive drives[FLOPPY_DRIVES];
    uint64_t base;
    uint8_t mode; /* enum fdc_mode */
    uint64_t delay_ns;
    struct irq_line irq;
    struct dma_channel dma; /* transfer NULL: nobody answers DRQ */

    uint8_t dor, tdr, dsr, rate;
    uint8_t specify[2], configure, precompensation_track, perpendicular, is_locked;
    uint8_t drive_specs[FLOPPY_DRIVES];
    uint8_t present_cylinder[FLOPPY_DRIVES]; /* PCN: as the controller believes */
    uint8_t last_eot;                        /* DUMPREG's SC/EOT */

    uint8_t phase, then;
    uint8_t bytes[FDC_PARAMETERS], byte_count, parameters; /* the command and what it still wants */
    uint8_t results[FDC_RESULTS], result_count, result_at;
    bool irq_pending;
    uint8_t seeking, seek_over, polled; /* drives, by bit; polled: after a reset */
    struct event event, poll;

    /* The command that runs. */
    uint8_t unit, head;
    uint8_t id[4]; /* C, H, R, N of the sector in hand */
    uint8_t eot, status[3];
    uint16_t left;        /* sectors of FORMAT, READ TRACK, VERIFY with EC */
    uint8_t track_at;     /* READ TRACK, FORMAT: sectors since the index hole */
    bool is_terminal;     /* TC came */
    bool waits_for_index; /* which never comes: no diskette, or its motor is off */
    uint8_t scan_order;   /* enum fdc_order: the medium's bytes against the host's, so far */
    uint16_t drq_tries;
    uint8_t data[SECTOR_BYTES];
    uint16_t at, ready,
        wanted; /* next byte of the data, end of what can be moved now, end of all */

    bool is_request_out;
    uint8_t request_op, result;
    uint64_t request_lba, ready_when, cause;
    struct block_request request;
    struct block *request_block; /* who has it, or had it last */
};

/* How status registers A, B and the DIR answer: by IDENT and MFM (82077AA table 1-1, 2.1.1). */
enum fdc_mode { FDC_AT, FDC_PS2, FDC_MODEL_30 };

/* fdc_commands.c */
enum fdc_kind {
    FDC_CONTROL,
    FDC_READ,
    FDC_WRITE,
    FDC_SCAN,
    FDC_VERIFY,
    FDC_TRACK,
    FDC_FORMAT,
    FDC_ID
};
struct fdc_command {
    uint8_t code, mask; /* which bits of the first byte tell it */
    const char *name;
    uint8_t parameters; /* bytes behind the first */
    enum fdc_kind kind;
    const char *const *words; /* names of the parameters */
    void (*start)(struct fdc *s);
};
/* NULL: an invalid code. */
const struct fdc_command *fdc_command_find(uint8_t code);
void fdc_write_byte(struct fdc *s, uint8_t value); /* the FIFO in the command phase */
uint8_t fdc_read_result(struct fdc *s);
/* Enters the result phase. */
void fdc_reply(struct fdc *s, const uint8_t *bytes, uint8_t count);
void fdc_idle(struct fdc *s);
void fdc_seek_over(struct fdc *s, unsigned unit);
void fdc_polled(void *controller); /* the reset is over: all drives were looked at */
uint8_t fdc_drive_status(const struct fdc *s, unsigned unit, unsigned head); /* ST3 */
/* An implied seek; returns its time. */
uint64_t fdc_seek_implied(struct fdc *s, unsigned unit, uint8_t cylinder);
/* What a byte of the result phase is, in words; what a written one means. */
void fdc_describe_write(const struct fdc *s, uint8_t value, char *text, size_t size);
void fdc_describe_result(const struct fdc *s, uint8_t value, char *text, size_t size);

/* fdc_transfer.c */
void fdc_start_transfer(struct fdc *s);
void fdc_event(void *controller);
/* Index pulses come again: a motor was switched on, or a diskette put in. */
void fdc_index_comes(struct fdc *s, unsigned unit);
void fdc_submit(struct fdc *s);          /* (again) what request_op and the like say */
void fdc_stop(struct fdc *s);            /* forgets command and request */
bool fdc_fifo_asks(const struct fdc *s); /* execution without DMA: RQM */
bool fdc_fifo_to_host(const struct fdc *s);
uint8_t fdc_fifo_read(struct fdc *s);
void fdc_fifo_write(struct fdc *s, uint8_t value);

/* i82077aa.c */
void fdc_update_irq(struct fdc *s);
void fdc_later(struct fdc *s, enum fdc_then then, uint64_t delay_ns);
static inline uint64_t fdc_now_ns(const struct fdc *s)
{
    return clock_ns(s->device.env->clock);
}
/* Whether index pulses come: a diskette is in the drive, and its motor is on. */
bool fdc_turns(const struct fdc *s, unsigned unit);
/* The medium's cylinder below the heads. */
uint8_t fdc_medium_cylinder(const struct fdc_drive *drive);

#endif
