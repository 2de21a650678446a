#include "tests/unit/guest_box.h"

#include <check.h>
#include <string.h>

#include "base/bits.h"

#define MARK 0xA5

void guest_box_init(struct guest_box *box)
{
    const struct world_options options = {.hz = 100000000, .log_level = LOG_ERROR};
    struct error error;
    memset(box, 0, sizeof *box);
    ck_assert_int_eq(world_init(&box->world, &options, &error), STATUS_OK);
    ck_assert_int_eq(
        ram_init(&box->ram, "host", box->world.next_ram_id++, 2 * GUEST_BOX_FRAMES, &error),
        STATUS_OK);
    box->vmm.world = &box->world;
    box->vmm.lab = &box->lab;
    for (unsigned i = 0; i < 2; i++) {
        const struct machine_config config = {.name = i ? "b" : "a",
                                              .has_cpu = true,
                                              .memory_bytes = GUEST_BOX_FRAMES * FRAME_BYTES,
                                              .lent = &box->ram,
                                              .lent_first_frame = i * GUEST_BOX_FRAMES};
        ck_assert_int_eq(machine_new(&box->machines[i], &box->world, &config, &error), STATUS_OK);
        box->guests[i] = (struct guest){.vmm = &box->vmm,
                                        .number = i,
                                        .lab = &box->lab.guests[i],
                                        .machine = box->machines[i],
                                        .pv = &box->pvs[i]};
        box->pvs[i].guest = &box->guests[i];
        grants_init(&box->pvs[i].grants, &box->guests[i]);
        events_init(&box->pvs[i].events, &box->guests[i]);
    }
    memset(box->ram.bytes + GUEST_BOX_FRAMES * FRAME_BYTES, MARK, GUEST_BOX_FRAMES * FRAME_BYTES);
}

void guest_box_fini(struct guest_box *box)
{
    const uint8_t *other = box->ram.bytes + GUEST_BOX_FRAMES * FRAME_BYTES;
    size_t changed = 0;
    for (size_t i = 0; i < GUEST_BOX_FRAMES * FRAME_BYTES; i++)
        changed += other[i] != MARK;
    ck_assert_uint_eq(changed, 0);
    machine_free(box->machines[0]);
    machine_free(box->machines[1]);
    ram_fini(&box->ram);
    world_fini(&box->world);
}

uint8_t *guest_box_frame(struct guest_box *box, uint32_t gfn)
{
    return box->ram.bytes + (size_t)gfn * FRAME_BYTES;
}

void guest_box_grant(struct guest_box *box, uint32_t table, uint32_t gref, uint16_t flags,
                     uint16_t domain, uint32_t gfn)
{
    uint8_t *at = guest_box_frame(box, table) + gref * 8;
    store_le16(at, flags);
    store_le16(at + 2, domain);
    store_le32(at + 4, gfn);
}

void guest_box_work(struct guest_box *box)
{
    bool is_done = false;
    for (unsigned round = 0; !is_done; round++) {
        ck_assert_uint_lt(round, 1000);
        is_done = true;
        for (struct vmm_part *part = box->vmm.parts; part; part = part->next) {
            if (!part->is_pending)
                continue;
            part->is_pending = is_done = false;
            part->work(part->self);
        }
    }
}
