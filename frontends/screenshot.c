/* A picture as a PNG file.
 *
 * Specification: Portable Network Graphics (ISO/IEC 15948:2003): signature, IHDR, one IDAT, IEND;
 * colour type 2 (RGB), 8 bits, filter 0 on each row. */
#include "frontends/screenshot.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "backends/file.h"
#include "base/bits.h"

#define SIGNATURE_BYTES 8u
#define CHUNK_BYTES 12u /* length, type, CRC */
#define IHDR_BYTES 13u

/* Closes the chunk whose data stand at to + 8 already; returns the byte after it. */
static uint8_t *put_chunk(uint8_t *to, const char *type, size_t length)
{
    store_be32(to, (uint32_t)length);
    memcpy(to + 4, type, 4);
    store_be32(to + 8 + length, (uint32_t)crc32_z(0, to + 4, length + 4));
    return to + CHUNK_BYTES + length;
}

static uint8_t *put_header(uint8_t *to, const struct display_picture *picture)
{
    static const uint8_t SIGNATURE[SIGNATURE_BYTES] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    uint8_t *data = to + SIGNATURE_BYTES + 8;
    memcpy(to, SIGNATURE, SIGNATURE_BYTES);
    store_be32(data, picture->width);
    store_be32(data + 4, picture->height);
    data[8] = 8;  /* bits */
    data[9] = 2;  /* RGB */
    data[10] = 0; /* deflate */
    data[11] = 0; /* filters by row */
    data[12] = 0; /* not interlaced */
    return put_chunk(to + SIGNATURE_BYTES, "IHDR", IHDR_BYTES);
}

static void put_rows(uint8_t *to, const struct display_picture *picture)
{
    const uint32_t *pixel = picture->pixels;
    for (uint32_t y = 0; y < picture->height; y++) {
        *to++ = 0;
        for (uint32_t x = 0; x < picture->width; x++, pixel++) {
            *to++ = (uint8_t)(*pixel >> 16);
            *to++ = (uint8_t)(*pixel >> 8);
            *to++ = (uint8_t)*pixel;
        }
    }
}

enum status screenshot_write(const char *path, const struct display_picture *picture,
                             struct error *error)
{
    size_t raw_bytes = picture->height * ((size_t)picture->width * 3 + 1);
    uLongf packed_bytes = compressBound((uLong)raw_bytes);
    uint8_t *raw = malloc(raw_bytes + 1), *png, *end;
    enum status status = STATUS_OK;
    png = malloc(SIGNATURE_BYTES + 3 * CHUNK_BYTES + IHDR_BYTES + packed_bytes);
    if (!raw || !png) {
        status = error_set(error, STATUS_INTERNAL, "out of memory for the screenshot %s", path);
        goto out;
    }
    put_rows(raw, picture);
    end = put_header(png, picture);
    if (compress2(end + 8, &packed_bytes, raw, (uLong)raw_bytes, 6) != Z_OK) {
        status = error_set(error, STATUS_INTERNAL, "%s: the picture can't be compressed", path);
        goto out;
    }
    end = put_chunk(end, "IDAT", packed_bytes);
    end = put_chunk(end, "IEND", 0);
    status = file_write(path, png, (size_t)(end - png), error);
out:
    free(png);
    free(raw);
    return status;
}
