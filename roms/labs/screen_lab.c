/* screen_lab.c: one picture, drawn twice: through ports and through memory.
 *
 *   left   PORT I/O: the cells are there from the start, painted in colours 9-14, and all of these are
 *          black. OUT 3C8h/3C9h (the DAC) gives one colour after the other its light, and with
 *          OUT 3D4h/3D5h (CRTC 0Eh, 0Fh) the hardware's cursor points at the sun.
 *   right  MEMORY-MAPPED I/O: the palette stands still; one MOV to B8000h + ... for each cell paints it
 *          in colours 1-6, and a cursor is a cell with its colours exchanged.
 *
 * A few OUTs change the whole picture, because the hardware does the work at each scan; a MOV changes
 * exactly one cell. */
#include "labs/labs.h"

#include "lab/io.h"
#include "lab/pit.h"
#include "lab/print.h"
#include "lab/vga.h"

enum { PICTURE_COLUMNS = 36, PICTURE_ROWS = 9, PICTURE_TOP = 3, LEFT = 2, RIGHT = 42, LOG_ROW = 14,
       SUN_COLUMN = 26, SUN_ROW = 2, TICKS_PER_ROW = 4 };
enum { FULL_BLOCK = 0xDB, PORT_COLOURS = 8 };

/* 1 sea, 2 meadow, 3 sky, 4 boat, 5 mountains, 6 sun and sail. */
static const char picture[PICTURE_ROWS][PICTURE_COLUMNS + 1] = {
    "333333333333333333333333666663333333",
    "333333333533333333333366666666633333",
    "333333335553333333335366666666633333",
    "333333355555333333355533666663333333",
    "333335555555553335555555333333333333",
    "222555555555555555555555555333333333",
    "222222255555555555555552222222111111",
    "222222222222211111116111111111111111",
    "222222211111111114444444111111111111",
};

static uint8_t colour_at(unsigned column, unsigned row)
{
    return (uint8_t)(picture[row][column] - '0');
}

static void draw_surroundings(const struct lab *lab)
{
    uint8_t bar = lab->title_attribute;

    vga_fill(0, 0, VGA_COLUMNS, VGA_ROWS, ' ', VGA_LIGHT_GREY);
    vga_fill(0, 0, VGA_COLUMNS, 1, ' ', bar);
    vga_text(2, 0, lab->name, bar);
    vga_text(19, 0, "one picture, drawn by ports and by memory", bar);
    vga_text(LEFT, 1, "PORT I/O:  OUT 3C8h, 3C9h, 3D4h", VGA_WHITE);
    vga_text(RIGHT, 1, "MEMORY-MAPPED I/O:  MOV [B8000h+]", VGA_WHITE);
    vga_frame(LEFT - 1, PICTURE_TOP - 1, PICTURE_COLUMNS + 2, PICTURE_ROWS + 2, VGA_LIGHT_GREY);
    vga_frame(RIGHT - 1, PICTURE_TOP - 1, PICTURE_COLUMNS + 2, PICTURE_ROWS + 2, VGA_LIGHT_GREY);
}

/* The stencil for the left picture: all cells, in colours that are black for now. */
static void lay_stencil(void)
{
    for (uint8_t colour = VGA_BLUE; colour <= VGA_BROWN; colour++)
        vga_dac(vga_dac_index((enum vga_colour)(colour + PORT_COLOURS)), 0, 0, 0);
    for (unsigned row = 0; row < PICTURE_ROWS; row++)
        for (unsigned column = 0; column < PICTURE_COLUMNS; column++)
            vga_put(LEFT + column, PICTURE_TOP + row, (char)FULL_BLOCK,
                    (uint8_t)(colour_at(column, row) + PORT_COLOURS));
}

/* Four OUTs for each of six colours. */
static void light_by_ports(void)
{
    for (uint8_t colour = VGA_BLUE; colour <= VGA_BROWN; colour++) {
        uint8_t rgb[3];

        vga_standard_colour((enum vga_colour)colour, rgb);
        vga_dac(vga_dac_index((enum vga_colour)(colour + PORT_COLOURS)), rgb[0], rgb[1], rgb[2]);
        pit_sleep(TICKS_PER_ROW);
    }
    vga_cursor(LEFT + SUN_COLUMN, PICTURE_TOP + SUN_ROW);
}

/* One MOV for each of the cells. */
static void paint_by_memory(void)
{
    for (unsigned row = 0; row < PICTURE_ROWS; row++) {
        for (unsigned column = 0; column < PICTURE_COLUMNS; column++)
            vga_put(RIGHT + column, PICTURE_TOP + row, (char)FULL_BLOCK, colour_at(column, row));
        pit_sleep(TICKS_PER_ROW);
    }
    vga_put(RIGHT + SUN_COLUMN, PICTURE_TOP + SUN_ROW, '_', VGA_BLACK | VGA_BROWN << 4);
}

/* What was written can be read back, both ways. */
static bool is_read_back(void)
{
    unsigned cursor = (PICTURE_TOP + SUN_ROW) * VGA_COLUMNS + LEFT + SUN_COLUMN;

    return vga_cursor_address() == cursor
        && vga_get(RIGHT, PICTURE_TOP) == (FULL_BLOCK | colour_at(0, 0) << 8);
}

void screen_lab(const struct lab *lab)
{
    struct io_counts start;
    uint32_t outs, stores;
    bool is_same;

    draw_surroundings(lab);
    lay_stencil();

    start = io_counts;
    light_by_ports();
    outs = io_counts.port_writes - start.port_writes;
    outs -= io_counts.interrupts - start.interrupts; /* not ours: one EOI for each timer tick */

    start = io_counts;
    paint_by_memory();
    stores = io_counts.memory_writes - start.memory_writes;

    is_same = is_read_back();
    vga_log_area(LOG_ROW, VGA_LIGHT_GREY);
    lab_say(lab, "screen", "by ports %u OUTs, by memory %u MOVs, read back %s\n", outs, stores,
            is_same ? "ok" : "FAILED");
}
