/* batch.c: what a back-end that comes round later saves. */
#include "experiments/experiments.h"

#include "lab/blkfront.h"
#include "lab/hypercall.h"
#include "lab/print.h"

enum { BLOCKS = 512, BURST = 4 };

static uint8_t block[BLOCK_BYTES] __attribute__((aligned(4096)));

/* An application writes 16 KiB at a time: four requests, then one look whether to notify. */
void experiment_batch(void)
{
    uint32_t sectors, grant, done = 0;
    bool is_ok = hypervisor_init() && blkfront_init(&sectors);

    grant = is_ok ? grant_page(block, false) : 0;
    measure_mark();
    while (is_ok && done < BLOCKS) {
        if (BLKFRONT_SLOTS - blkfront_waiting() < BURST) {
            is_ok = blkfront_wait();
            continue;
        }
        for (unsigned i = 0; i < BURST; i++, done++)
            (void)blkfront_put(true, done % 64 * BLOCK_SECTORS, grant);
        blkfront_push();
    }
    while (is_ok && blkfront_waiting())
        is_ok = blkfront_wait();
    measure_mark();
    print("batch: %s blocks=%u notifications=%u upcalls=%u\n", is_ok ? "ok" : "FAILED", done,
          blkfront_notifications, upcall_count);
}
