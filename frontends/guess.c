#include "frontends/guess.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bits.h"
#include "bus/block.h"
#include "devices/floppy_disk.h"

#define HEAD_BYTES      34816u /* up to the first descriptor of a CD-ROM, and with it */
#define MULTIBOOT_BYTES 8192u
#define ISO_DESCRIPTOR  32768u /* ECMA-119 6.7.1: block 16 of 2,048 bytes */
#define MULTIBOOT_MAGIC 0x1BADB002u

static bool has_multiboot(const uint8_t *head, size_t count)
{
    for (size_t at = 0; at + 12 <= count && at < MULTIBOOT_BYTES; at += 4)
        if (load_le32(head + at) == MULTIBOOT_MAGIC &&
            load_le32(head + at) + load_le32(head + at + 4) + load_le32(head + at + 8) == 0)
            return true;
    return false;
}

/* A boot sector on as many sectors as some diskette has. */
static bool is_floppy_length(uint64_t bytes)
{
    return bytes % SECTOR_BYTES == 0 && floppy_format_of(bytes / SECTOR_BYTES) != NULL;
}

enum status guess_image(const char *path, enum image_kind *kind, struct error *error)
{
    uint8_t head[HEAD_BYTES] = {0};
    struct stat facts;
    FILE *file;
    size_t count;
    bool is_kernel, is_disc, is_bootable;
    if (stat(path, &facts) != 0)
        return error_set(error, STATUS_FILE, "%s: %s; fix: check the name", path, strerror(errno));
    *kind = IMAGE_DISK;
    if (!S_ISREG(facts.st_mode))
        return STATUS_OK; /* the disk's own check says what is wrong */
    file = fopen(path, "rb");
    if (!file)
        return error_set(error, STATUS_FILE, "%s: %s; fix: check its permissions", path,
                         strerror(errno));
    count = fread(head, 1, sizeof head, file);
    fclose(file);
    is_kernel = memcmp(head, "\177ELF", 4) == 0 || memcmp(head + 0x202, "HdrS", 4) == 0;
    /* A boot sector's signature makes it a disk, though a multiboot kernel may lie behind. */
    if (load_le16(head + 510) != 0xAA55 && has_multiboot(head, count))
        is_kernel = true;
    is_bootable = load_le16(head + 510) == 0xAA55;
    is_disc = memcmp(head + ISO_DESCRIPTOR + 1, "CD001", 5) == 0; /* some boot from USB sticks, too */
    if (is_kernel && !is_disc)
        *kind = IMAGE_KERNEL;
    else if (is_bootable && is_floppy_length((uint64_t)facts.st_size))
        *kind = IMAGE_FLOPPY; /* also GRUB's, whose file system is that of a CD-ROM */
    else if (is_disc)
        *kind = IMAGE_DISC;
    return STATUS_OK;
}
