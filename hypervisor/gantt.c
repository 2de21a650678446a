/* Layout, in units of the SVG:
 *
 *        LEFT                            WIDTH                        NOTES
 *   title
 *   alpha │███▏   ███▏   ███▏           bars that are wide enough, each │ 50.0 % run
 *         │                             with the reason of its end      │
 *   beta  │   ▂▄▄▂   ▄▄   ▂▂            narrower ones: their part of    │
 *         │                             each column, as height          │
 *         └┴────┴────┴────┴             ms
 *   legend */
#include "hypervisor/gantt.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define LEFT        110
#define WIDTH       1200
#define NOTES       260
#define TOP         40
#define ROW         30
#define BAR         22
#define WIDE_ENOUGH 2.5 /* a bar that is drawn as itself */
#define LOWEST      2.0 /* height of a column */
#define TICKS       10

const char *const GUEST_STOP_NAMES[GUEST_STOPS] = {
    [GUEST_STOP_SLICE] = "slice over",    [GUEST_STOP_IDLE] = "halted",
    [GUEST_STOP_PREEMPTED] = "preempted", [GUEST_STOP_WAITING] = "waits for its disk",
    [GUEST_STOP_PAUSED] = "paused",       [GUEST_STOP_ENDED] = "ended",
};

static const char *const STOP_COLOURS[GUEST_STOPS] = {
    [GUEST_STOP_SLICE] = "#1b3a5c",     [GUEST_STOP_IDLE] = "#2e9e4f",
    [GUEST_STOP_PREEMPTED] = "#d9822b", [GUEST_STOP_WAITING] = "#8e44ad",
    [GUEST_STOP_PAUSED] = "#777777",    [GUEST_STOP_ENDED] = "#c0392b",
};

static const char *const ROW_COLOURS[] = {"#7fb2e5", "#9bd0a5", "#f2c078",
                                          "#d3a4d9", "#e59a9a", "#a8c6c9"};

void gantt_free(struct gantt *gantt)
{
    if (gantt)
        free(gantt->bars);
    free(gantt);
}

static bool make_room(struct gantt *gantt)
{
    size_t capacity = gantt->capacity ? gantt->capacity * 2 : 4096;
    struct gantt_bar *bars;
    if (gantt->count < gantt->capacity)
        return true;
    if (capacity > GANTT_BARS_MAX)
        return false;
    bars = realloc(gantt->bars, capacity * sizeof *bars);
    if (!bars)
        return false;
    gantt->bars = bars;
    gantt->capacity = capacity;
    return true;
}

void gantt_add(struct gantt *gantt, unsigned row, uint64_t start, uint64_t end,
               enum guest_stop stop)
{
    if (end <= gantt->from || (gantt->to && start >= gantt->to))
        return;
    if (!make_room(gantt)) {
        gantt->left_out++;
        return;
    }
    gantt->bars[gantt->count++] = (struct gantt_bar){start, end, (uint8_t)row, (uint8_t)stop};
}

/* --- the picture ------------------------------------------------------------------------------------- */

struct frame {
    FILE *out;
    uint64_t from, to, hz;
    unsigned rows;
};

static double place(const struct frame *f, uint64_t time)
{
    if (time < f->from)
        time = f->from;
    if (time > f->to)
        time = f->to;
    return (double)(time - f->from) * WIDTH / (double)(f->to - f->from);
}

static double ms(const struct frame *f, uint64_t time)
{
    return (double)time * 1e3 / (double)f->hz;
}

static void put_text(FILE *out, const char *text)
{
    for (; *text; text++)
        if (strchr("<>&\"", *text))
            fprintf(out, "&#%d;", *text);
        else
            fputc(*text, out);
}

static void put_bar(const struct frame *f, const struct gantt_bar *bar, const char *name)
{
    double x = place(f, bar->start), width = place(f, bar->end) - x;
    int y = TOP + bar->row * ROW;
    fprintf(f->out, "<g><title>");
    put_text(f->out, name);
    fprintf(
        f->out,
        ": %.3f - %.3f ms, %s</title><rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" "
        "fill=\"%s\"/><rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"%s\"/></g>\n",
        ms(f, bar->start), ms(f, bar->end), GUEST_STOP_NAMES[bar->stop], LEFT + x, y, width, BAR,
        ROW_COLOURS[bar->row % ARRAY_COUNT(ROW_COLOURS)],
        LEFT + x + width - (width < 8 ? width / 4 : 2), y, width < 8 ? width / 4 : 2.0, BAR,
        STOP_COLOURS[bar->stop]);
}

/* A narrow bar's time, spread over the columns that it touches. */
static void add_to_columns(const struct frame *f, const struct gantt_bar *bar, double *columns)
{
    double from = place(f, bar->start), to = place(f, bar->end);
    for (int c = (int)from; c < WIDTH && c < to; c++) {
        double left = from > c ? from : c, right = to < c + 1 ? to : c + 1;
        columns[c] += right - left;
    }
}

/* Who ran for a moment only is seen, too. */
static void put_columns(const struct frame *f, unsigned row, const double *columns)
{
    for (int c = 0; c < WIDTH; c++) {
        double height = BAR * columns[c] < LOWEST ? LOWEST : BAR * columns[c];
        if (columns[c] > 0)
            fprintf(f->out, "<rect x=\"%d\" y=\"%.2f\" width=\"1\" height=\"%.2f\" fill=\"%s\"/>\n",
                    LEFT + c, TOP + (int)row * ROW + BAR - height, height,
                    ROW_COLOURS[row % ARRAY_COUNT(ROW_COLOURS)]);
    }
}

static void put_row(const struct frame *f, const struct gantt *gantt, unsigned row,
                    const char *name, const char *note)
{
    double columns[WIDTH] = {0};
    int y = TOP + (int)row * ROW;
    fprintf(
        f->out,
        "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#ddd\"/><text x=\"%d\" y=\"%d\" "
        "text-anchor=\"end\">",
        LEFT, y + BAR, LEFT + WIDTH, y + BAR, LEFT - 8, y + 16);
    put_text(f->out, name);
    fprintf(f->out, "</text>\n");
    if (note) {
        fprintf(f->out, "<text x=\"%d\" y=\"%d\">", LEFT + WIDTH + 8, y + 16);
        put_text(f->out, note);
        fprintf(f->out, "</text>\n");
    }
    for (size_t i = 0; i < gantt->count; i++) {
        const struct gantt_bar *bar = &gantt->bars[i];
        if (bar->row != row || bar->start >= f->to)
            continue;
        if (place(f, bar->end) - place(f, bar->start) >= WIDE_ENOUGH)
            put_bar(f, bar, name);
        else
            add_to_columns(f, bar, columns);
    }
    put_columns(f, row, columns);
}

static void put_axis(const struct frame *f)
{
    int y = TOP + (int)f->rows * ROW;
    for (int i = 0; i <= TICKS; i++) {
        uint64_t time = f->from + (f->to - f->from) / TICKS * (uint64_t)i;
        int x = LEFT + WIDTH / TICKS * i;
        fprintf(f->out,
                "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#ccc\"/><text x=\"%d\" "
                "y=\"%d\" text-anchor=\"middle\">%.4g</text>\n",
                x, TOP - 4, x, y + 4, x, y + 18, ms(f, time));
    }
    fprintf(f->out, "<text x=\"%d\" y=\"%d\">ms of virtual time</text>\n", LEFT + WIDTH + 24,
            y + 18);
}

static void put_legend(const struct frame *f, const struct gantt *gantt)
{
    int y = TOP + (int)f->rows * ROW + 34, x = LEFT;
    fprintf(f->out, "<text x=\"%d\" y=\"%d\">end of a bar:</text>\n", x, y + 11);
    x += 100;
    for (int i = 0; i < GUEST_STOPS; i++, x += 150)
        fprintf(f->out,
                "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/><text x=\"%d\" "
                "y=\"%d\">%s</text>\n",
                x, y, STOP_COLOURS[i], x + 18, y + 11, GUEST_STOP_NAMES[i]);
    fprintf(f->out,
            "<text x=\"%d\" y=\"%d\">without an end: bars too short to be drawn one by one; the "
            "height is "
            "their part of the time</text>\n",
            LEFT, y + 31);
    if (gantt->left_out)
        fprintf(f->out,
                "<text x=\"%d\" y=\"%d\" fill=\"#c0392b\">%zu later bars are left out</text>\n", x,
                y + 11, gantt->left_out);
}

void gantt_write(FILE *out, const struct gantt *gantt, const char *title, const char *const *names,
                 const char *const *notes, unsigned rows, uint64_t hz, uint64_t end)
{
    struct frame f = {out, gantt->from, gantt->to ? gantt->to : end, hz, rows};
    int width = LEFT + WIDTH + NOTES, height = TOP + (int)rows * ROW + 80;
    if (f.to <= f.from)
        f.to = f.from + 1;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d "
            "%d\" "
            "style=\"max-width:100%%;height:auto\" shape-rendering=\"crispEdges\" "
            "font-family=\"sans-serif\" "
            "font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n<text "
            "x=\"%d\" "
            "y=\"22\" font-size=\"15\">",
            width, height, width, height, LEFT);
    put_text(out, title);
    fprintf(out, "</text>\n");
    put_axis(&f);
    for (unsigned row = 0; row < rows; row++)
        put_row(&f, gantt, row, names[row], notes[row]);
    put_legend(&f, gantt);
    fprintf(out, "</svg>\n");
}
