/* Between struct fpu_image and the core's FXSAVE image (SDM 1 table 10-2), and what must agree. */
#include "tests/oracle/compare_fpu.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"

#define FXSAVE_BYTES 512

void fpu_to_core(struct cpu *cpu, const struct fpu_image *image)
{
    uint8_t fxsave[FXSAVE_BYTES] = {0};
    store_le16(fxsave, image->control);
    store_le16(fxsave + 2, image->status);
    fxsave[4] = (uint8_t)image->tag;
    store_le32(fxsave + 24, image->mxcsr);
    for (unsigned n = 0; n < 8; n++) {
        memcpy(fxsave + 32 + 16 * n, image->st[n], 10);
        memcpy(fxsave + 160 + 16 * n, image->xmm[n], 16);
    }
    cpu_set_fxsave(cpu, fxsave);
}

void fpu_from_core(const struct cpu *cpu, struct fpu_image *image)
{
    uint8_t fxsave[FXSAVE_BYTES];
    cpu_get_fxsave(cpu, fxsave);
    memset(image, 0, sizeof *image);
    image->control = load_le16(fxsave);
    image->status = load_le16(fxsave + 2);
    image->tag = fxsave[4];
    image->mxcsr = load_le32(fxsave + 24);
    for (unsigned n = 0; n < 8; n++) {
        memcpy(image->st[n], fxsave + 32 + 16 * n, 10);
        memcpy(image->xmm[n], fxsave + 160 + 16 * n, 16);
    }
}

/* Empty registers too: MMX instructions show what they hold. */
bool fpu_agrees(const struct fpu_image *ours, const struct fpu_image *theirs)
{
    return ours->control == theirs->control && ours->status == theirs->status &&
           ours->tag == theirs->tag && ours->mxcsr == theirs->mxcsr &&
           memcmp(ours->st, theirs->st, sizeof ours->st) == 0 &&
           memcmp(ours->xmm, theirs->xmm, sizeof ours->xmm) == 0;
}

/* TOP = 0 and, but for stores, all tags valid. The registers have not moved: another one is on top. */
bool fpu_agrees_after_mmx(const struct fpu_image *ours, const struct fpu_image *theirs)
{
    struct fpu_image turned = *ours;
    unsigned top = ours->status >> 11 & 7;
    turned.status &= (uint16_t)~0x3800u;
    turned.tag = theirs->tag == 0xff ? 0xff : ours->tag;
    for (unsigned n = 0; n < 8; n++) {
        memcpy(turned.st[(n + top) & 7], ours->st[n], sizeof ours->st[n]);
    }
    return fpu_agrees(&turned, theirs);
}

bool fpu_agrees_but_c1(const struct fpu_image *ours, const struct fpu_image *theirs)
{
    struct fpu_image changed = *ours;
    changed.status = (uint16_t)((ours->status & ~0x200u) | (theirs->status & 0x200u));
    return fpu_agrees(&changed, theirs);
}

bool fpu_is_compare_to_flags(const uint8_t *code)
{
    while (code[0] != 0xdb && code[0] != 0xdf &&
           (code[0] == 0x67 || (code[0] & 0xe7) == 0x26 || code[0] == 0x64)) {
        code++;
    }
    return (code[0] == 0xdb || code[0] == 0xdf) && code[1] >= 0xe8 && code[1] <= 0xf7;
}

static void show_bytes(const uint8_t *bytes, unsigned count)
{
    while (count-- > 0) {
        printf("%02x", bytes[count]);
    }
}

static void show_register(const char *name, unsigned n, unsigned count, const uint8_t *ours,
                          const uint8_t *theirs, const uint8_t *before)
{
    if (memcmp(ours, theirs, count) == 0) {
        return;
    }
    printf("    %s%u ", name, n);
    show_bytes(ours, count);
    printf(", silicon ");
    show_bytes(theirs, count);
    printf(", was ");
    show_bytes(before, count);
    printf("\n");
}

void fpu_show(const struct fpu_image *ours, const struct fpu_image *theirs,
              const struct fpu_image *before)
{
    if (fpu_agrees(ours, theirs)) {
        return;
    }
    printf("    control %04x status %04x tag %02x mxcsr %04x\n", ours->control, ours->status,
           ours->tag, ours->mxcsr);
    printf("    silicon %04x        %04x     %02x       %04x\n", theirs->control, theirs->status,
           theirs->tag, theirs->mxcsr);
    printf("    was     %04x        %04x     %02x       %04x\n", before->control, before->status,
           before->tag, before->mxcsr);
    for (unsigned n = 0; n < 8; n++) {
        show_register("st", n, 10, ours->st[n], theirs->st[n], before->st[n]);
        show_register("xmm", n, 16, ours->xmm[n], theirs->xmm[n], before->xmm[n]);
    }
}
