/* cylinders.c: what lies outside of a guest's share of the disk. */
#include "experiments/experiments.h"

#include "lab/ata.h"
#include "lab/blkfront.h"
#include "lab/hypercall.h"
#include "lab/print.h"

enum { ERROR_IDNF = 0x10 };

static uint8_t block[BLOCK_BYTES] __attribute__((aligned(4096)));

void experiment_cylinders(void)
{
    uint32_t sectors, grant, inside = 0, outside = 0;
    bool is_ok = hypervisor_init() && blkfront_init(&sectors) && ata_reset();

    grant = is_ok ? grant_page(block, true) : 0;
    for (uint16_t c = 0; is_ok && c < 110; c++) {
        struct ata_result result = ata_read_polling((struct ata_chs){ c, 0, 1 }, block);

        if (result.is_ok)
            inside++;
        else if (result.error == ERROR_IDNF)
            outside++;
    }
    /* Past the end through the ring as well: an error, and the ring goes on. */
    is_ok = is_ok && blkfront_put(true, sectors, grant);
    blkfront_push();
    print("cylinders: inside=%u outside=%u ring %s\n", inside, outside,
          is_ok && !blkfront_wait() ? "refused" : "FAILED");
}
