/* disk_lab.c: what a guest can do with its disk, and what each way costs.
 *
 * Three ways lead from a sector to memory:
 *   polling     ask the status register until DRQ is set, then REP INSW        the CPU is busy all the time
 *   interrupt   HLT until IRQ 14, then REP INSW                                the CPU is free meanwhile
 *   block       READ MULTIPLE: one request for data for several sectors        fewer questions a sector
 * The same sector read in two ways must give the same sum. A request past the last cylinder must end
 * with ID NOT FOUND: the neighbour's sectors begin there. */
#include "labs/labs.h"

#include "lab/ata.h"
#include "lab/io.h"
#include "lab/memory.h"
#include "lab/print.h"

enum { BLOCK_SECTORS = 4, MULTIPLE_SECTORS = 8, LINE_BYTES = 48 };
enum { ERROR_IDNF = 0x10, STATUS_DRDY_DSC_ERR = 0x51 };

/* IDENTIFY DEVICE, ATA-4 Table 11: words 1, 3, 6 the default geometry, 27-46 the model. */
enum { WORD_CYLINDERS = 1, WORD_HEADS = 3, WORD_SECTORS = 6, WORD_MODEL = 27, WORD_MAX_MULTIPLE = 47,
       MODEL_WORDS = 20 };

struct geometry {
    uint32_t cylinders, heads, sectors;
};

static uint8_t by_polling[ATA_SECTOR_BYTES];
static uint8_t by_interrupt[ATA_SECTOR_BYTES];
static uint8_t by_block[MULTIPLE_SECTORS * ATA_SECTOR_BYTES];

static uint32_t sum_of(const uint8_t *bytes, uint32_t count)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < count; i++)
        sum += bytes[i];
    return sum;
}

static uint32_t lba_of(const struct geometry *geometry, struct ata_chs where)
{
    return (where.cylinder * geometry->heads + where.head) * geometry->sectors + where.sector - 1u;
}

/* A transfer that has been made, and what it cost in port accesses and interrupts. */
struct transfer {
    const char *what;
    struct ata_chs where;
    uint32_t sectors;
    struct io_counts cost;
    struct ata_result result;
};

static struct io_counts cost_since(const struct io_counts *before)
{
    return (struct io_counts){
        .port_reads = io_counts.port_reads - before->port_reads,
        .port_writes = io_counts.port_writes - before->port_writes,
        .interrupts = io_counts.interrupts - before->interrupts,
    };
}

static void print_table(const struct transfer *transfers, unsigned count)
{
    print("  transfer    C/H/S      sectors  IN        OUT       interrupts  status error\n");
    print("  ----------  ---------  -------  --------  --------  ----------  ------------\n");
    for (unsigned i = 0; i < count; i++) {
        const struct transfer *t = &transfers[i];

        print("  %-10s  %4u/%2u/%2u  %7u  %8u  %8u  %10u  %02x     %02x\n", t->what,
              t->where.cylinder, t->where.head, t->where.sector, t->sectors, t->cost.port_reads,
              t->cost.port_writes, t->cost.interrupts, t->result.status, t->result.error);
    }
}

/* The model's characters stand two in a word, the first in the upper byte (ATA-4 §8.12.8). */
static bool identify(const struct lab *lab, struct geometry *geometry)
{
    uint16_t words[ATA_IDENTIFY_WORDS];
    char model[MODEL_WORDS * 2 + 1];
    unsigned length = 0;
    struct ata_result result = ata_identify(words);

    if (!result.is_ok) {
        lab_say(lab, "disk", "identify failed status=%02x error=%02x\n", result.status,
                result.error);
        return false;
    }
    for (unsigned i = 0; i < MODEL_WORDS; i++) {
        model[2 * i] = (char)(words[WORD_MODEL + i] >> 8);
        model[2 * i + 1] = (char)words[WORD_MODEL + i];
    }
    for (unsigned i = 0; i < MODEL_WORDS * 2; i++)
        if (model[i] != ' ' && model[i] != 0)
            length = i + 1;
    model[length] = 0;
    geometry->cylinders = words[WORD_CYLINDERS];
    geometry->heads = words[WORD_HEADS];
    geometry->sectors = words[WORD_SECTORS];
    lab_say(lab, "disk", "identify ok model=\"%s\" c/h/s=%u/%u/%u multiple=%u\n", model,
            geometry->cylinders, geometry->heads, geometry->sectors,
            words[WORD_MAX_MULTIPLE] & 0xFFu);
    return geometry->cylinders > 1 && geometry->heads && geometry->sectors;
}

/* Shows the start of the first sector: on a demo disk its text says where it really lies. */
static void print_text(const struct lab *lab, const uint8_t *sector)
{
    char text[LINE_BYTES + 1];

    for (unsigned i = 0; i < LINE_BYTES; i++)
        text[i] = sector[i] >= ' ' && sector[i] <= '~' ? (char)sector[i] : '.';
    text[LINE_BYTES] = 0;
    lab_say(lab, "disk", "text \"%s\"\n", text);
}

static void say_read(const struct lab *lab, const struct geometry *geometry,
                     const struct transfer *t, const uint8_t *bytes)
{
    lab_say(lab, "disk", "%s %s lba=%u sectors=%u sum=%u\n", t->what,
            t->result.is_ok ? "ok" : "FAILED", lba_of(geometry, t->where), t->sectors,
            sum_of(bytes, t->sectors * ATA_SECTOR_BYTES));
}

static void read_by_polling(struct transfer *t)
{
    struct io_counts before = io_counts;

    t->result = ata_read_polling(t->where, by_polling);
    t->cost = cost_since(&before);
}

static void read_by_interrupt(struct transfer *t)
{
    struct io_counts before = io_counts;

    t->result = ata_read_interrupt(t->where, by_interrupt);
    t->cost = cost_since(&before);
}

/* SET MULTIPLE belongs to the cost: without it the drive refuses READ MULTIPLE. */
static void read_by_block(struct transfer *t)
{
    struct io_counts before = io_counts;

    t->result = ata_set_multiple(BLOCK_SECTORS);
    if (t->result.is_ok)
        t->result = ata_read_multiple(t->where, MULTIPLE_SECTORS, BLOCK_SECTORS, by_block);
    t->cost = cost_since(&before);
}

/* Writes a sector of the last cylinder, reads it back and compares. */
static void write_and_compare(const struct lab *lab, const struct geometry *geometry,
                              struct transfer *t)
{
    struct io_counts before;
    uint8_t written[ATA_SECTOR_BYTES];
    bool is_same;

    for (unsigned i = 0; i < sizeof written; i++)
        written[i] = (uint8_t)(lab->name[0] + i);
    before = io_counts;
    t->result = ata_write_polling(t->where, written);
    t->cost = cost_since(&before);
    if (t->result.is_ok)
        t->result = ata_read_polling(t->where, by_polling);
    is_same = t->result.is_ok && memcmp(written, by_polling, sizeof written) == 0;
    lab_say(lab, "disk", "write %s lba=%u sum=%u\n", is_same ? "ok, reads back the same" : "FAILED",
            lba_of(geometry, t->where), sum_of(by_polling, ATA_SECTOR_BYTES));
}

/* The first cylinder that the drive does not have. */
static void read_past_the_end(const struct lab *lab, struct transfer *t)
{
    read_by_polling(t);
    if (t->result.status == STATUS_DRDY_DSC_ERR && t->result.error == ERROR_IDNF)
        lab_say(lab, "disk", "past the end: IDNF status=51h error=10h, as it must be\n");
    else
        lab_say(lab, "disk", "past the end: status=%02xh error=%02xh, expected IDNF (51h 10h)\n",
                t->result.status, t->result.error);
}

void disk_lab(const struct lab *lab)
{
    struct geometry geometry;

    if (!ata_reset()) {
        lab_say(lab, "disk", "no drive answers\n");
        return;
    }
    if (!identify(lab, &geometry))
        return;

    struct ata_chs first = { 0, 0, 1 };
    struct ata_chs in_last_cylinder = { (uint16_t)(geometry.cylinders - 1), 0, 1 };
    struct ata_chs past_the_end = { (uint16_t)geometry.cylinders, 0, 1 };
    struct transfer transfers[] = {
        { .what = "poll", .where = first, .sectors = 1 },
        { .what = "interrupt", .where = first, .sectors = 1 },
        { .what = "block", .where = first, .sectors = MULTIPLE_SECTORS },
        { .what = "write", .where = in_last_cylinder, .sectors = 1 },
        { .what = "past end", .where = past_the_end, .sectors = 1 },
    };

    read_by_polling(&transfers[0]);
    say_read(lab, &geometry, &transfers[0], by_polling);
    print_text(lab, by_polling);
    read_by_interrupt(&transfers[1]);
    say_read(lab, &geometry, &transfers[1], by_interrupt);
    read_by_block(&transfers[2]);
    say_read(lab, &geometry, &transfers[2], by_block);
    if (memcmp(by_polling, by_interrupt, ATA_SECTOR_BYTES) != 0
        || memcmp(by_polling, by_block, ATA_SECTOR_BYTES) != 0)
        lab_say(lab, "disk", "FAILED: the three ways read different sectors\n");
    write_and_compare(lab, &geometry, &transfers[3]);
    read_past_the_end(lab, &transfers[4]);
    print_table(transfers, sizeof transfers / sizeof transfers[0]);
}
