/* ways.c: one block of the disk, read at each place where a hypervisor can intercept it. */
#include "experiments/experiments.h"

#include "lab/ata.h"
#include "lab/blkfront.h"
#include "lab/hypercall.h"
#include "lab/io.h"
#include "lab/memory.h"
#include "lab/options.h"
#include "lab/print.h"
#include "lab/virtio_blk.h"

enum { DISK_DESCRIPTOR = 3, NR_READ = 3, NR_LSEEK = 19 };
enum { MSR_SYSENTER_CS = 0x174, KERNEL_CS = 8 };

static uint8_t by_ports[BLOCK_BYTES] __attribute__((aligned(4096)));
static uint8_t by_ring[BLOCK_BYTES] __attribute__((aligned(4096)));
static uint8_t by_call[BLOCK_BYTES] __attribute__((aligned(4096)));

/* Of the disk's ports; those of the interrupt controller stand apart. */
static uint32_t accesses(const struct io_counts *before)
{
    return io_counts.port_reads - before->port_reads + io_counts.port_writes - before->port_writes
         - (io_counts.interrupt_controller - before->interrupt_controller);
}

static void say(const char *way, bool is_ok, const struct io_counts *before)
{
    print("ways: %s %s accesses=%u pic=%u interrupts=%u\n", way, is_ok ? "ok" : "FAILED", accesses(before),
          io_counts.interrupt_controller - before->interrupt_controller,
          io_counts.interrupts - before->interrupts);
}

static bool is_same(const void *block)
{
    return memcmp(by_ports, block, BLOCK_BYTES) == 0;
}

/* A sector at a time, an interrupt each, as the first drivers for such a drive did. */
static bool read_by_ports(void)
{
    for (uint8_t sector = 0; sector < BLOCK_SECTORS; sector++)
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

/* One command and one block of data of 8 sectors, by double words; then by DMA. */
static void by_one_command(void)
{
    struct io_counts before;
    struct ata_chs first = { 0, 0, 1 };
    bool is_ok = ata_set_multiple(BLOCK_SECTORS).is_ok && ata_dma_init();

    memset(by_call, 0, sizeof by_call);
    before = io_counts;
    is_ok = is_ok && ata_read_wide(first, BLOCK_SECTORS, by_call).is_ok && is_same(by_call);
    say("wide", is_ok, &before);
    memset(by_call, 0, sizeof by_call);
    before = io_counts;
    is_ok = ata_read_dma(first, BLOCK_SECTORS, by_call).is_ok && is_same(by_call);
    say("dma", is_ok, &before);
}

static void by_ring_and_calls(void)
{
    struct io_counts before;
    uint32_t sectors, grant, calls, upcalls;
    bool is_ok = hypervisor_init() && blkfront_init(&sectors);

    grant = is_ok ? grant_page(by_ring, false) : 0;
    before = io_counts;
    calls = hypercall_count;
    upcalls = upcall_count;
    is_ok = is_ok && read_by_ring(grant) && is_same(by_ring);
    print("ways: ring %s accesses=%u hypercalls=%u upcalls=%u\n", is_ok ? "ok" : "FAILED",
          accesses(&before), hypercall_count - calls, upcall_count - upcalls);
    __asm__ volatile("wrmsr" : : "c"(MSR_SYSENTER_CS), "a"(KERNEL_CS), "d"(0));
    print("ways: int80h %s calls=2\n", read_by_call(call_by_interrupt) ? "ok" : "FAILED");
    print("ways: sysenter %s calls=2\n", read_by_call(call_by_sysenter) ? "ok" : "FAILED");
}

void experiment_ways(void)
{
    struct io_counts before;
    bool is_ok;

    if (!ata_reset()) {
        print("ways: FAILED to start\n");
        return;
    }
    before = io_counts;
    is_ok = read_by_ports();
    say("ports", is_ok, &before);
    by_one_command();
    by_ring_and_calls();
}

/* The drive is a virtio device: the ring shows what it has to give. */
void experiment_virtio(void)
{
    struct io_counts before;
    uint32_t sectors, grant;
    bool is_ok = virtio_blk_init() && hypervisor_init() && blkfront_init(&sectors);

    grant = is_ok ? grant_page(by_ports, false) : 0;
    is_ok = is_ok && read_by_ring(grant);
    before = io_counts;
    is_ok = is_ok && virtio_blk_read(0, by_call, sizeof by_call) && is_same(by_call);
    say("virtio", is_ok, &before);
}

/* --- how many a second -------------------------------------------------------------------------------- */

static const struct ata_chs first_sector = { 0, 0, 1 };
static uint32_t ring_grant;

static bool start_ata(void)
{
    return ata_reset() && ata_set_multiple(BLOCK_SECTORS).is_ok && ata_dma_init();
}

static bool start_ring(void)
{
    uint32_t sectors;
    bool is_ok = blkfront_init(&sectors);

    ring_grant = is_ok ? grant_page(by_ring, false) : 0;
    return is_ok;
}

static bool start_calls(void)
{
    return true;
}

static bool rate_wide(void)
{
    return ata_read_wide(first_sector, BLOCK_SECTORS, by_call).is_ok;
}

static bool rate_dma(void)
{
    return ata_read_dma(first_sector, BLOCK_SECTORS, by_call).is_ok;
}

static bool rate_virtio(void)
{
    return virtio_blk_read(0, by_call, sizeof by_call);
}

static bool rate_ring(void)
{
    return read_by_ring(ring_grant);
}

static bool rate_call(void)
{
    return call_by_interrupt(NR_LSEEK, DISK_DESCRIPTOR, 0, 0) == 0
        && call_by_interrupt(NR_READ, DISK_DESCRIPTOR, (uint32_t)(uintptr_t)by_call, sizeof by_call)
               == (int32_t)sizeof by_call;
}

/* blocks= times the same block, by way=, between two marks. */
void experiment_rate(void)
{
    static const struct { const char *name; bool (*start)(void), (*read)(void); } rates[] = {
        { "words", start_ata, read_by_ports }, { "wide", start_ata, rate_wide },
        { "dma", start_ata, rate_dma }, { "virtio", virtio_blk_init, rate_virtio },
        { "ring", start_ring, rate_ring }, { "call", start_calls, rate_call } };
    uint32_t blocks = options_number("blocks", 200), done = 0;
    char name[8];

    options_text("way", "words", name, sizeof name);
    for (unsigned i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        if (memcmp(rates[i].name, name, 3) != 0 || !hypervisor_init() || !rates[i].start())
            continue;
        measure_mark();
        while (done < blocks && rates[i].read())
            done++;
        measure_mark();
        break;
    }
    print("rate: %s %s blocks=%u\n", name, done == blocks ? "ok" : "FAILED", done);
}
