/* The block interface: what a disk controller asks of whoever holds the sectors.
 *
 * Requests are asynchronous: submit() may complete at once (an image file) or later (a guest's
 * range of a physical disk, which the hypervisor's driver has to fetch). The address is given as
 * the drive understood it, C/H/S or LBA; only the back-end decides whether the cylinder or the LBA
 * exists, and answers BLOCK_RANGE, which the drive reports as IDNF. */
#ifndef VITRINE_BUS_BLOCK_H
#define VITRINE_BUS_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/sector_map.h"

#define SECTOR_BYTES 512u

enum block_op { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH, BLOCK_VERIFY };

enum block_result {
    BLOCK_OK,
    BLOCK_PENDING,     /* not finished */
    BLOCK_RANGE,       /* some sector does not exist: done_sectors tells how many came before it */
    BLOCK_READ_ERROR,  /* uncorrectable */
    BLOCK_WRITE_ERROR,
    BLOCK_READ_ONLY,
    BLOCK_NO_SPACE     /* the workstation's disk is full: the guest is paused */
};

struct block_geometry {
    uint32_t cylinders;
    uint16_t heads;   /* 1-16 */
    uint16_t sectors; /* per track, 1-63 (255 for ATA's limit) */
    uint64_t total;   /* sectors that exist, by LBA */
};

struct block_address {
    bool is_chs;
    uint32_t cylinder;
    uint16_t head, sector; /* sector from 1 */
    uint64_t lba;          /* when !is_chs */
};

struct block_request {
    enum block_op op;
    struct block_address at;
    uint32_t sectors;
    uint8_t *bytes; /* sectors * 512, for BLOCK_VERIFY too; owned by the requester */
    enum block_result result;
    uint32_t done_sectors;
    bool frees_room; /* a write of zeros after which the back-end need not keep the sectors */
    bool is_quiet;  /* no interrupt of a guest follows from it by itself */
    uint64_t cause; /* door_cause() at submission */
    void (*complete)(struct block_request *request); /* may be called from within submit() */
    void *owner;
    struct block_request *next; /* for the back-end's queue */
};

struct block;
struct block_ops {
    void (*geometry)(struct block *block, struct block_geometry *geometry);
    void (*submit)(struct block *block, struct block_request *request);
    /* Forgets a pending request of a drive that was reset; its bytes may be freed afterwards. */
    void (*cancel)(struct block *block, struct block_request *request);
    void (*close)(struct block *block); /* frees it */
    /* Remembers the contents as they are now; the mark rises from call to call, from 1. From then on
     * what a write replaces is kept, up to a limit. 0: out of memory. NULL: this back-end can't (a
     * guest's range: its host's disk is asked). Not during a request. */
    uint64_t (*checkpoint)(struct block *block);
    /* Brings back the contents of a mark; that mark stays, later ones are gone. BLOCK_RANGE: it is too
     * old or was never given, and nothing has changed. Other results are those of a write: called
     * again, it goes on. Not during a request. */
    enum block_result (*rollback)(struct block *block, uint64_t mark);
};

struct block {
    const struct block_ops *ops;
    const char *name; /* a file's path, "guest a: cylinders 100-499" */
    bool is_read_only;
    /* What was written since its reader cleared it (differences between snapshots). NULL: not kept; a
     * guest's range is part of its host's disk, and so of that disk's map. */
    struct sector_map *written;
};

/* "1000/16/63": cylinders 1-65535, heads 1-16, sectors a track 1-63. False for anything else. */
bool block_geometry_parse(const char *text, struct block_geometry *geometry);

/* C/H/S → LBA in a geometry; false when head or sector is outside (the cylinder is not judged). */
/*@ requires \valid_read(g) && \valid_read(at) && \valid(lba);
    requires \separated(g, lba) && \separated(at, lba);
    requires g->heads <= 16 && g->sectors <= 255;
    assigns *lba;
    ensures !\result ==> *lba == \old(*lba); */
static inline bool block_chs_to_lba(const struct block_geometry *g, const struct block_address *at,
                                    uint64_t *lba)
{
    if (at->sector == 0 || at->sector > g->sectors || at->head >= g->heads)
        return false;
    *lba = ((uint64_t)at->cylinder * g->heads + at->head) * g->sectors + at->sector - 1u;
    return true;
}
/*@ requires \valid_read(g) && 1 <= g->heads <= 16 && 1 <= g->sectors <= 255;
    assigns \nothing;
    ensures \result.lba == lba;
    ensures \result.head < g->heads && 1 <= \result.sector <= g->sectors;
    ensures lba <= 0xFFFFFFFF ==> \result.cylinder == lba / g->sectors / g->heads; */
static inline struct block_address block_lba_to_chs(const struct block_geometry *g, uint64_t lba)
{
    uint64_t track = lba / g->sectors;
    struct block_address at = {true, (uint32_t)(track / g->heads), (uint16_t)(track % g->heads),
                               (uint16_t)(lba % g->sectors + 1), lba};
    return at;
}

#endif
