/* experiment.c: one measurement a run, named by lab= on the command line. What it prints is checked by
 * `make labs`.
 *
 *   lab=ways      one block of 4 KiB of the disk, three ways: port accesses, a ring, system calls
 *   lab=batch     512 blocks through the ring, four to a burst: how often is the back-end told?
 *   lab=transmit  frames sent as a TCP stack would; work= instructions of its own for each
 *   lab=cylinders the first, last and next cylinder, through the ring and by ports */
#include "labs/labs.h"

#include "lab/ata.h"
#include "lab/blkfront.h"
#include "lab/hypercall.h"
#include "lab/interrupts.h"
#include "lab/io.h"
#include "lab/memory.h"
#include "lab/options.h"
#include "lab/pic.h"
#include "lab/pit.h"
#include "lab/power.h"
#include "lab/print.h"
#include "lab/vga.h"

enum { BLOCKS = 512, BURST = 4, DISK_DESCRIPTOR = 3, NR_READ = 3, NR_LSEEK = 19 };
enum { MSR_SYSENTER_CS = 0x174, KERNEL_CS = 8 };
enum { SECTORS = BLKFRONT_BLOCK_SECTORS };

static uint8_t by_ports[BLKFRONT_BLOCK_BYTES] __attribute__((aligned(4096)));
static uint8_t by_ring[BLKFRONT_BLOCK_BYTES] __attribute__((aligned(4096)));
static uint8_t by_call[BLKFRONT_BLOCK_BYTES] __attribute__((aligned(4096)));

static uint32_t accesses(const struct io_counts *before)
{
    return io_counts.port_reads - before->port_reads + io_counts.port_writes - before->port_writes;
}

static bool is_same(const void *block)
{
    return memcmp(by_ports, block, BLKFRONT_BLOCK_BYTES) == 0;
}

/* A sector at a time, an interrupt each, as the first drivers for such a drive did. */
static bool read_by_ports(void)
{
    for (uint8_t sector = 0; sector < SECTORS; sector++)
        if (!ata_read_interrupt((struct ata_chs){ 0, 0, (uint8_t)(sector + 1) },
                                by_ports + sector * ATA_SECTOR_BYTES).is_ok)
            return false;
    return true;
}

static bool read_by_ring(uint32_t grant)
{
    if (!blkfront_put(false, 0, grant))
        return false;
    blkfront_push();
    return blkfront_wait();
}

static int32_t call_by_interrupt(uint32_t number, uint32_t a, uint32_t b, uint32_t c)
{
    int32_t answer;

    __asm__ volatile("int $0x80" : "=a"(answer) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return answer;
}

static int32_t call_by_sysenter(uint32_t number, uint32_t a, uint32_t b, uint32_t c)
{
    int32_t answer;

    __asm__ volatile("sysenter" : "=a"(answer) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return answer;
}

typedef int32_t call_function(uint32_t number, uint32_t a, uint32_t b, uint32_t c);

static bool read_by_call(call_function *call)
{
    memset(by_call, 0, sizeof by_call);
    return call(NR_LSEEK, DISK_DESCRIPTOR, 0, 0) == 0
        && call(NR_READ, DISK_DESCRIPTOR, (uint32_t)(uintptr_t)by_call, sizeof by_call)
               == (int32_t)sizeof by_call
        && is_same(by_call);
}

static void ways(void)
{
    struct io_counts before;
    uint32_t sectors, grant, calls, upcalls;
    bool is_ok;

    if (!ata_reset() || !hypervisor_init() || !blkfront_init(&sectors)) {
        print("ways: FAILED to start\n");
        return;
    }
    before = io_counts;
    is_ok = read_by_ports();
    print("ways: ports %s accesses=%u interrupts=%u\n", is_ok ? "ok" : "FAILED", accesses(&before),
          io_counts.interrupts - before.interrupts);
    grant = grant_page(by_ring, false);
    before = io_counts;
    calls = hypercall_count;
    upcalls = upcall_count;
    is_ok = read_by_ring(grant) && is_same(by_ring);
    print("ways: ring %s accesses=%u hypercalls=%u upcalls=%u\n", is_ok ? "ok" : "FAILED",
          accesses(&before) - (io_counts.interrupts - before.interrupts) + upcall_count - upcalls,
          hypercall_count - calls, upcall_count - upcalls);
    __asm__ volatile("wrmsr" : : "c"(MSR_SYSENTER_CS), "a"(KERNEL_CS), "d"(0));
    print("ways: int80h %s calls=2\n", read_by_call(call_by_interrupt) ? "ok" : "FAILED");
    print("ways: sysenter %s calls=2\n", read_by_call(call_by_sysenter) ? "ok" : "FAILED");
}

/* An application writes 16 KiB at a time: four requests, then one look whether to notify. */
static void batch(void)
{
    uint32_t sectors, grant, done = 0;
    bool is_ok = hypervisor_init() && blkfront_init(&sectors);

    grant = is_ok ? grant_page(by_ring, false) : 0;
    measure_mark();
    while (is_ok && done < BLOCKS) {
        if (BLKFRONT_SLOTS - blkfront_waiting() < BURST) {
            is_ok = blkfront_wait();
            continue;
        }
        for (unsigned i = 0; i < BURST; i++, done++)
            (void)blkfront_put(true, done % 64 * SECTORS, grant);
        blkfront_push();
    }
    while (is_ok && blkfront_waiting())
        is_ok = blkfront_wait();
    measure_mark();
    print("batch: %s blocks=%u notifications=%u upcalls=%u\n", is_ok ? "ok" : "FAILED", done,
          blkfront_notifications, upcall_count);
}

/* --- the card: loaded once, then one OUT sends the same frame again -------------------------------------- */

enum { NIC = 0x300, NIC_LINE = 5, CR = NIC, ISR = NIC + 7, IMR = NIC + 15, CR_SEND = 0x26,
       ISR_PTX = 2, FRAME_BYTES = 1514 };
static volatile bool is_sent;

/* As Linux 2.2 does with any line: mask, end of interrupt, unmask (the dispatcher's EOI is the third).*/
static void on_sent(void)
{
    pic_mask(NIC_LINE);
    (void)io_in8(ISR);
    io_out8(ISR, ISR_PTX);
    is_sent = true;
    pic_unmask(NIC_LINE);
}

static void wait_sent(void)
{
    cpu_disable_interrupts();
    while (!is_sent) {
        cpu_enable_and_halt();
        cpu_disable_interrupts();
    }
    cpu_enable_interrupts();
}

static void load_frame(void)
{
    io_out8(CR, 0x21);
    io_out8(NIC + 14, 0x49);
    io_out8(NIC + 12, 0x20);
    io_out8(NIC + 13, 0x00);
    io_out8(ISR, 0xFF);
    io_out8(NIC + 10, (uint8_t)FRAME_BYTES);
    io_out8(NIC + 11, FRAME_BYTES >> 8);
    io_out8(NIC + 8, 0);
    io_out8(NIC + 9, 0x40);
    io_out8(CR, 0x12);
    memset(by_ports, 0xFF, 6); /* to everybody, from nobody: the switch floods it */
    io_out16_block(NIC + 16, by_ports, FRAME_BYTES / 2);
    io_out8(ISR, 0xFF);
    io_out8(NIC + 4, 0x40);
    io_out8(NIC + 5, (uint8_t)FRAME_BYTES);
    io_out8(NIC + 6, FRAME_BYTES >> 8);
    io_out8(IMR, ISR_PTX);
}

static void transmit(void)
{
    uint32_t frames = options_number("frames", 400), work = options_number("work", 14000);

    load_frame();
    interrupts_attach(NIC_LINE, on_sent);
    is_sent = true;
    for (uint32_t n = 0; n < frames; n++) {
        if (n == 20) /* it runs steadily */
            measure_mark();
        for (uint32_t turns = work / 2; turns; turns--) /* two instructions each */
            __asm__ volatile("");
        wait_sent();
        is_sent = false;
        io_out8(CR, CR_SEND);
    }
    measure_mark();
    wait_sent();
    print("transmit: ok frames=%u\n", frames);
}

static void cylinders(void)
{
    uint32_t sectors, grant, inside = 0, outside = 0;
    bool is_ok = hypervisor_init() && blkfront_init(&sectors) && ata_reset();

    grant = is_ok ? grant_page(by_ring, true) : 0;
    for (uint16_t c = 0; is_ok && c < 110; c++) {
        struct ata_result result = ata_read_polling((struct ata_chs){ c, 0, 1 }, by_ports);

        if (result.is_ok)
            inside++;
        else if (result.error == 0x10)
            outside++;
    }
    /* Past the end through the ring as well: an error, and the ring goes on. */
    is_ok = is_ok && blkfront_put(true, sectors, grant);
    blkfront_push();
    print("cylinders: inside=%u outside=%u ring %s\n", inside, outside,
          is_ok && !blkfront_wait() ? "refused" : "FAILED");
}

static void start(uint32_t magic, uint32_t information)
{
    options_init(magic, information);
    print_init();
    vga_set_mode3();
    vga_log_area(0, VGA_LIGHT_GREY);
    interrupts_init();
    pit_init();
    cpu_enable_interrupts();
}

void lab_main(uint32_t magic, uint32_t information)
{
    static const struct { const char *name; void (*run)(void); } labs[] = {
        { "ways", ways }, { "batch", batch }, { "transmit", transmit }, { "cylinders", cylinders } };
    char name[12];

    start(magic, information);
    options_text("lab", "ways", name, sizeof name);
    for (unsigned i = 0; i < sizeof labs / sizeof labs[0]; i++)
        if (memcmp(labs[i].name, name, 4) == 0)
            labs[i].run();
    power_off();
}
