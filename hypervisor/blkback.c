/* Specification: Xen, xen/include/public/io/blkif.h: request and response, 11 segments at most.
 *
 *   request   0 operation  1 segments  2 handle  4 id  12 sector  20 segment[11]: gref, first, last
 *   response  0 id  8 operation  10 status
 *
 * Notified, it waits backend_delay_us and takes up to backend_batch requests. It never waits for the
 * disk: JOBS requests are under way at once, each with its own buffer, and go on when they complete.
 * MISSING: barriers, discard, indirect segments, handles. */
#include "hypervisor/blkback.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "bus/block.h"
#include "hypervisor/contexts.h"
#include "hypervisor/doorbell.h"
#include "hypervisor/guest.h"
#include "hypervisor/pv.h"
#include "hypervisor/ring.h"
#include "hypervisor/vdisk.h"

#define JOBS            8u
#define SEGMENTS_MAX    11u
#define SECTORS_A_FRAME (FRAME_BYTES / SECTOR_BYTES)
#define REQUEST_BYTES   108u
#define RESPONSE_BYTES  12u
enum { OP_READ = 0, OP_WRITE = 1, OP_FLUSH = 3 };
enum { STATUS_RSP_OKAY = 0, STATUS_RSP_ERROR = -1, STATUS_RSP_EOPNOTSUPP = -2 };

struct segment {
    struct grant_mapping map;
    uint32_t first, sectors; /* within the frame */
};

struct job {
    struct blkback *back;
    bool is_busy, is_lost; /* lost: killed under way, an answer is due */
    uint8_t op;
    uint64_t id;
    unsigned segment_count;
    struct segment segments[SEGMENTS_MAX];
    struct block_request request;
    uint8_t bytes[SEGMENTS_MAX * FRAME_BYTES];
};

struct blkback {
    struct pv *pv;
    struct doorbell bell;
    struct ring ring;
    bool is_connected, has_news, is_paused, is_dead;
    uint32_t port;
    struct job jobs[JOBS];
    struct blkback_counts counts;
};

static struct vmm *vmm_of(struct blkback *back)
{
    return back->pv->guest->vmm;
}

static void respond(struct blkback *back, uint64_t id, uint8_t op, int status)
{
    uint8_t response[RESPONSE_BYTES] = {0};
    store_le64(response, id);
    response[8] = op;
    store_le16(response + 10, (uint16_t)status);
    if (status != STATUS_RSP_OKAY)
        back->counts.errors++;
    ring_put(&back->ring, response, sizeof response);
    back->has_news = true;
    doorbell_kick(&back->bell);
}

/* --- segments ------------------------------------------------------------------------------------------ */

static void release(struct job *job)
{
    while (job->segment_count)
        grants_unmap(&job->back->pv->grants, &job->segments[--job->segment_count].map);
}

/* A read is written to the guest's frames, a write is read from them. */
static bool map_segments(struct job *job, const uint8_t *request)
{
    unsigned count = request[1];
    if (count == 0 || count > SEGMENTS_MAX)
        return false;
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *from = request + 20 + i * 8;
        struct segment *s = &job->segments[i];
        if (from[4] > from[5] || from[5] >= SECTORS_A_FRAME ||
            !grants_map(&job->back->pv->grants, load_le32(from), job->op == OP_READ, &s->map))
            return false;
        s->first = from[4];
        s->sectors = from[5] - from[4] + 1u;
        job->request.sectors += s->sectors;
        job->segment_count++;
    }
    return true;
}

/* Between the buffer and the granted frames; how many bytes. */
static size_t copy_segments(struct job *job, bool to_guest)
{
    uint8_t *at = job->bytes;
    for (unsigned i = 0; i < job->segment_count; i++) {
        const struct segment *s = &job->segments[i];
        size_t offset = s->first * SECTOR_BYTES, bytes = s->sectors * SECTOR_BYTES;
        if (to_guest) {
            memcpy(s->map.bytes + offset, at, bytes);
            guest_frame_written(job->back->pv->guest, s->map.gfn, (uint32_t)offset,
                                (uint32_t)bytes);
        } else {
            memcpy(at, s->map.bytes + offset, bytes);
        }
        at += bytes;
    }
    guest_charge_io(job->back->pv->guest, INTERFACE_DRIVER, IO_DISK, COST_COPY_KIB,
                    ((size_t)(at - job->bytes) + 1023) / 1024);
    return (size_t)(at - job->bytes);
}

/* --- one request ----------------------------------------------------------------------------------------- */

static void complete(struct block_request *request)
{
    struct job *job = request->owner;
    struct blkback *back = job->back;
    bool is_ok = request->result == BLOCK_OK;
    if (is_ok && job->op == OP_READ)
        copy_segments(job, true);
    if (is_ok)
        back->counts.sectors += request->sectors;
    release(job);
    job->is_busy = false;
    respond(back, job->id, job->op, is_ok ? STATUS_RSP_OKAY : STATUS_RSP_ERROR);
}

static void start(struct blkback *back, struct job *job, const uint8_t *request)
{
    struct block *disk = vdisk_block(back->pv->guest->vdisk);
    job->op = request[0];
    job->id = load_le64(request + 4);
    job->segment_count = 0;
    memset(&job->request, 0, sizeof job->request);
    back->counts.requests++;
    if (job->op != OP_READ && job->op != OP_WRITE && job->op != OP_FLUSH) {
        respond(back, job->id, job->op, STATUS_RSP_EOPNOTSUPP);
        return;
    }
    if (job->op != OP_FLUSH && !map_segments(job, request)) {
        release(job);
        guest_error(back->pv->guest, "a block request with %u segments names what is not granted",
                    request[1]);
        respond(back, job->id, job->op, STATUS_RSP_ERROR);
        return;
    }
    if (job->op == OP_WRITE)
        copy_segments(job, false);
    job->is_busy = true;
    job->request.op = job->op == OP_READ    ? BLOCK_READ
                      : job->op == OP_WRITE ? BLOCK_WRITE
                                            : BLOCK_FLUSH;
    job->request.at.lba = load_le64(request + 12);
    job->request.bytes = job->bytes;
    job->request.cause = back->bell.cause;
    job->request.complete = complete;
    job->request.owner = job;
    job->request.is_quiet = true;
    disk->ops->submit(disk, &job->request);
}

/* --- rounds ------------------------------------------------------------------------------------------------ */

static struct job *free_job(struct blkback *back)
{
    for (unsigned i = 0; i < JOBS; i++)
        if (!back->jobs[i].is_busy)
            return &back->jobs[i];
    return NULL;
}

static void take_requests(struct blkback *back)
{
    uint64_t batch = vmm_of(back)->lab->drivers.backend_batch;
    uint8_t request[REQUEST_BYTES];
    struct job *job;
    back->counts.rounds++;
    for (uint64_t n = 0; batch == 0 || n < batch; n++) {
        if (!(job = free_job(back)))
            return; /* goes on when one completes */
        if (!ring_take(&back->ring, request) &&
            (!ring_final_check(&back->ring) || !ring_take(&back->ring, request))) {
            doorbell_reset(&back->bell);
            return;
        }
        start(back, job, request);
    }
    doorbell_kick(&back->bell);
}

static void publish(struct blkback *back)
{
    back->has_news = false;
    if (ring_publish(&back->ring)) {
        back->counts.upcalls++;
        events_raise(&back->pv->events, back->port);
    }
}

static void work(void *self)
{
    struct blkback *back = self;
    struct vmm *vmm = vmm_of(back);
    if (!back->is_connected || back->is_paused || back->is_dead)
        return;
    if (vmm->lab->drivers.disk == DRIVER_SPLIT)
        context_enter(vmm, CONTEXT_DRIVER_DOMAIN, back->pv->guest, IO_DISK);
    vmm->world->door.cause = back->bell.cause;
    if (doorbell_is_due(&back->bell))
        take_requests(back);
    vmm->world->door.cause = 0;
    if (back->has_news)
        publish(back);
}

/* --- life ---------------------------------------------------------------------------------------------------- */

bool blkback_connect(struct blkback *back, uint32_t ring_ref, uint32_t port)
{
    struct grant_mapping page;
    if (back->is_connected || !grants_map(&back->pv->grants, ring_ref, true, &page))
        return false;
    if (!events_bind(&back->pv->events, port, doorbell_ring, &back->bell)) {
        grants_unmap(&back->pv->grants, &page);
        return false;
    }
    ring_init(&back->ring, back->pv->guest, &page, REQUEST_BYTES);
    back->is_connected = true;
    doorbell_reset(&back->bell);
    back->has_news = false;
    back->port = port;
    return true;
}

static void lose_jobs(struct blkback *back)
{
    struct block *disk = vdisk_block(back->pv->guest->vdisk);
    for (unsigned i = 0; i < JOBS; i++) {
        struct job *job = &back->jobs[i];
        if (!job->is_busy || job->is_lost)
            continue;
        disk->ops->cancel(disk, &job->request);
        release(job);
        job->is_lost = true;
    }
}

void blkback_disconnect(struct blkback *back)
{
    lose_jobs(back);
    for (unsigned i = 0; i < JOBS; i++)
        back->jobs[i].is_busy = back->jobs[i].is_lost = false;
    doorbell_reset(&back->bell);
    if (back->is_connected) {
        events_close(&back->pv->events, back->port);
        grants_unmap(&back->pv->grants, &back->ring.page);
    }
    back->is_connected = back->has_news = false;
}

void blkback_pause(struct blkback *back)
{
    back->is_paused = true;
}

void blkback_resume(struct blkback *back)
{
    back->is_paused = false;
    doorbell_kick(&back->bell);
}

void blkback_kill(struct blkback *back)
{
    lose_jobs(back);
    back->is_dead = true;
}

void blkback_restart(struct blkback *back)
{
    blkback_kill(back);
    back->is_dead = back->is_paused = false;
    back->counts.restarts++;
    for (unsigned i = 0; i < JOBS; i++) {
        struct job *job = &back->jobs[i];
        if (job->is_lost)
            respond(back, job->id, job->op, STATUS_RSP_ERROR);
        job->is_busy = job->is_lost = false;
    }
    doorbell_kick(&back->bell);
}

uint64_t blkback_sectors(const struct blkback *back)
{
    struct block *disk = vdisk_block(back->pv->guest->vdisk);
    struct block_geometry g;
    disk->ops->geometry(disk, &g);
    return g.total;
}

struct blkback_counts blkback_counts(const struct blkback *back)
{
    struct blkback_counts counts = back->counts;
    counts.notifications = back->bell.rings;
    return counts;
}

enum status blkback_new(struct blkback **back, struct pv *pv, struct error *error)
{
    struct blkback *made = calloc(1, sizeof *made);
    *back = made;
    if (!made)
        return error_set(error, STATUS_INTERNAL, "out of memory for a block back-end");
    made->pv = pv;
    for (unsigned i = 0; i < JOBS; i++)
        made->jobs[i].back = made;
    doorbell_init(&made->bell, pv->guest->vmm, "block back-end", work, made);
    return STATUS_OK;
}

void blkback_free(struct blkback *back)
{
    if (!back)
        return;
    doorbell_fini(&back->bell);
    free(back);
}
