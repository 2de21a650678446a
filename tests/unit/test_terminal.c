/* The terminal front end on a pseudo-terminal: what is drawn, which keys arrive, what is restored. */
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "bus/chardev.h"
#include "frontends/cp437.h"
#include "frontends/keys.h"
#include "frontends/terminal.h"
#include "frontends/terminal_canvas.h"

/* --- the canvas ------------------------------------------------------------------------------------- */

START_TEST(code_page_437_becomes_utf_8)
{
    char bytes[3];
    ck_assert_uint_eq(cp437_unicode('A'), 'A');
    ck_assert_uint_eq(cp437_unicode(0xC9), 0x2554); /* double corner */
    ck_assert_uint_eq(cp437_unicode(0xB0), 0x2591);
    ck_assert_uint_eq(cp437_unicode(0x81), 0xFC);   /* u umlaut */
    ck_assert_uint_eq(cp437_unicode(0x01), 0x263A);
    ck_assert_uint_eq(utf8_put(0x2554, bytes), 3);
    ck_assert_mem_eq(bytes, "\xE2\x95\x94", 3);
    ck_assert_uint_eq(utf8_put(0xFC, bytes), 2);
    ck_assert_mem_eq(bytes, "\xC3\xBC", 2);
}
END_TEST

START_TEST(only_changed_cells_are_sent)
{
    struct canvas canvas = {0};
    struct canvas_bytes out = {0};
    struct display_text *text = calloc(1, sizeof *text);
    size_t first;
    ck_assert_ptr_nonnull(text);
    text->columns = 80;
    text->rows = 25;
    for (unsigned i = 0; i < 2000; i++)
        text->cells[i] = 0x0700 | 'x';
    ck_assert(canvas_resize(&canvas, 80, 25));
    canvas_text(&canvas, text);
    canvas_emit(&canvas, &out);
    first = out.used;
    ck_assert_uint_gt(first, 2000);
    out.used = 0;
    canvas_text(&canvas, text);
    canvas_emit(&canvas, &out);
    ck_assert_uint_lt(out.used, 20);
    out.used = 0;
    text->cells[3 * 80 + 5] = 0x1E00 | 'y'; /* yellow on blue */
    canvas_text(&canvas, text);
    canvas_emit(&canvas, &out);
    canvas_put(&out, "", 1);
    ck_assert_ptr_nonnull(strstr(out.bytes, "\033[4;6H\033[93m\033[44my"));
    ck_assert_uint_lt(out.used, 50);
    free(out.bytes);
    free(text);
    canvas_free(&canvas);
}
END_TEST

START_TEST(pictures_become_half_blocks)
{
    struct canvas canvas = {0};
    uint32_t pixels[64 * 32];
    struct display_picture picture = {64, 32, pixels, 64 * 32};
    for (unsigned i = 0; i < 64 * 32; i++)
        pixels[i] = i / 64 < 16 ? 0xFF0000 : i % 64 < 32 ? 0x00FF00 : 0x0000FF;
    ck_assert(canvas_resize(&canvas, 32, 20)); /* 32 x 16 half lines used */
    canvas_picture(&canvas, &picture);
    ck_assert_uint_eq(canvas.cells[0].unicode, 0x2580);
    ck_assert_uint_eq(canvas.cells[0].foreground, CANVAS_RGB | 0xFF0000);
    ck_assert_uint_eq(canvas.cells[3 * 32].background, CANVAS_RGB | 0xFF0000);
    ck_assert_uint_eq(canvas.cells[4 * 32].foreground, CANVAS_RGB | 0x00FF00);
    ck_assert_uint_eq(canvas.cells[4 * 32 + 31].foreground, CANVAS_RGB | 0x0000FF);
    ck_assert_uint_eq(canvas.cells[8 * 32].unicode, ' ');
    canvas_free(&canvas);
}
END_TEST

START_TEST(any_size_of_terminal_and_picture_is_drawn)
{
    static const unsigned SIZES[][2] = {{0, 0}, {1, 1}, {1, 200}, {400, 1}, {7, 3}, {9999, 9999}};
    static const uint32_t PICTURES[][2] = {{1, 1}, {2560, 1}, {1, 1600}, {320, 200}, {0, 0}};
    uint32_t *pixels = calloc(2560 * 1600, sizeof *pixels);
    struct display_text *text = calloc(1, sizeof *text);
    ck_assert(pixels && text);
    text->columns = 132;
    text->rows = 60;
    text->is_cursor_visible = true;
    text->cursor_row = 59;
    text->cursor_column = 131;
    for (size_t s = 0; s < 6; s++) {
        struct canvas canvas = {0};
        struct canvas_bytes out = {0};
        ck_assert(canvas_resize(&canvas, SIZES[s][0], SIZES[s][1]));
        for (size_t p = 0; p < 5; p++) {
            struct display_picture picture = {PICTURES[p][0], PICTURES[p][1], pixels, 2560 * 1600};
            canvas_picture(&canvas, &picture);
            canvas_emit(&canvas, &out);
        }
        canvas_text(&canvas, text);
        canvas_notice(&canvas, "words");
        canvas_emit(&canvas, &out);
        free(out.bytes);
        canvas_free(&canvas);
    }
    free(text);
    free(pixels);
}
END_TEST

/* --- on a pseudo-terminal ------------------------------------------------------------------------------ */

struct bench {
    int master;
    struct frontend *frontend;
    struct input_record records[256];
    size_t record_count;
    struct display_screen screen;
    uint64_t generation;
    char seen[262144];
    size_t seen_count;
};

static bool screen_text(const void *self, struct display_text *text)
{
    (void)self;
    memset(text, 0, sizeof *text);
    text->columns = 80;
    text->rows = 25;
    memcpy(text->cells, (const uint16_t[]){0x0748, 0x0769, 0x07C9}, 6);
    return true;
}

static uint64_t screen_generation(const void *self)
{
    return ((const struct bench *)self)->generation;
}

static void deliver(void *self, const struct input_record *record)
{
    struct bench *b = self;
    ck_assert_uint_lt(b->record_count, 256);
    b->records[b->record_count++] = *record;
}

static struct bench *bench_new(struct termios *before)
{
    struct bench *b = calloc(1, sizeof *b);
    struct error error = {STATUS_OK, ""};
    ck_assert_ptr_nonnull(b);
    b->master = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert_int_ge(b->master, 0);
    ck_assert_int_eq(grantpt(b->master), 0);
    ck_assert_int_eq(unlockpt(b->master), 0);
    fcntl(b->master, F_SETFL, O_NONBLOCK);
    if (before)
        ck_assert_int_eq(tcgetattr(b->master, before), 0);
    ck_assert_int_eq(terminal_open_device(&b->frontend, ptsname(b->master), "test", &error),
                     STATUS_OK);
    b->screen.text = screen_text;
    b->screen.generation = screen_generation;
    b->screen.self = b;
    return b;
}

static void see(struct bench *b)
{
    struct pollfd ready = {.fd = b->master, .events = POLLIN};
    while (poll(&ready, 1, 20) > 0 && b->seen_count + 1 < sizeof b->seen) {
        ssize_t n = read(b->master, b->seen + b->seen_count, sizeof b->seen - 1 - b->seen_count);
        if (n <= 0)
            break;
        b->seen_count += (size_t)n;
    }
    b->seen[b->seen_count] = '\0';
}

static void type(struct bench *b, const char *bytes, unsigned polls)
{
    struct input_sink sink = {deliver, b};
    ck_assert_int_eq(write(b->master, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    usleep(2000);
    for (unsigned i = 0; i < polls; i++)
        b->frontend->poll(b->frontend, &sink);
}

static void bench_free(struct bench *b)
{
    see(b);
    b->frontend->close(b->frontend);
    see(b);
    close(b->master);
    free(b);
}

START_TEST(the_screen_is_drawn_in_the_alternate_buffer)
{
    struct bench *b = bench_new(NULL);
    b->frontend->present(b->frontend, &b->screen);
    see(b);
    ck_assert_ptr_nonnull(strstr(b->seen, "\033[?1049h"));
    ck_assert_ptr_nonnull(strstr(b->seen, "Hi\xE2\x95\x94"));
    b->seen_count = 0;
    b->frontend->present(b->frontend, &b->screen); /* nothing has changed */
    see(b);
    ck_assert_uint_eq(b->seen_count, 0);
    bench_free(b);
}
END_TEST

START_TEST(keys_are_pressed_and_released_with_their_modifiers)
{
    static const struct {
        uint8_t usage;
        bool is_pressed;
    } EXPECTED[] = {{KEY_LEFT_SHIFT, true}, {KEY_A, true},    {KEY_A, false},
                    {KEY_LEFT_SHIFT, false}, {KEY_UP, true},  {KEY_UP, false},
                    {KEY_LEFT_CTRL, true},  {KEY_A + 2, true}, {KEY_A + 2, false},
                    {KEY_LEFT_CTRL, false}};
    struct bench *b = bench_new(NULL);
    type(b, "A\033[A\003", 200);
    ck_assert_uint_eq(b->record_count, 10);
    for (size_t i = 0; i < 10; i++) {
        ck_assert_int_eq(b->records[i].kind, INPUT_KEY);
        ck_assert_uint_eq(b->records[i].usage, EXPECTED[i].usage);
        ck_assert(b->records[i].is_pressed == EXPECTED[i].is_pressed);
    }
    bench_free(b);
}
END_TEST

START_TEST(a_lone_escape_becomes_the_key_after_a_while)
{
    struct bench *b = bench_new(NULL);
    type(b, "\033", 20);
    ck_assert_uint_eq(b->record_count, 0);
    usleep(60000);
    type(b, "", 20);
    ck_assert_uint_eq(b->record_count, 2);
    ck_assert_uint_eq(b->records[0].usage, KEY_ESCAPE);
    bench_free(b);
}
END_TEST

START_TEST(ctrl_a_x_quits_and_ctrl_a_a_is_typed)
{
    struct bench *b = bench_new(NULL);
    type(b, "\001a", 50);
    ck_assert_uint_eq(b->record_count, 4);
    ck_assert_uint_eq(b->records[1].usage, KEY_A);
    type(b, "\001x", 5);
    ck_assert_int_eq(b->records[4].kind, INPUT_QUIT);
    bench_free(b);
}
END_TEST

static size_t some_room(void *device)
{
    return *(const size_t *)device;
}

START_TEST(the_serial_console_shares_the_terminal)
{
    struct bench *b = bench_new(NULL);
    struct chardev *serial = frontend_terminal_serial(b->frontend);
    size_t room = 100;
    serial->room = some_room;
    serial->device = &room;
    serial->write(serial, (const uint8_t *)"early", 5);
    b->frontend->present(b->frontend, &b->screen);
    see(b);
    ck_assert_ptr_null(strstr(b->seen, "early"));
    type(b, "\001c", 5);
    serial->write(serial, (const uint8_t *)" late", 5);
    see(b);
    ck_assert_ptr_nonnull(strstr(b->seen, "early late"));
    b->record_count = 0;
    room = 0;
    type(b, "ls\r", 5); /* the port has no room */
    ck_assert_uint_eq(b->record_count, 0);
    room = 16;
    type(b, "", 5);
    ck_assert_uint_eq(b->record_count, 3);
    ck_assert_int_eq(b->records[2].kind, INPUT_SERIAL);
    ck_assert_uint_eq(b->records[2].character, '\r');
    type(b, "\001c", 5);
    b->seen_count = 0;
    b->frontend->present(b->frontend, &b->screen); /* the display is drawn anew */
    see(b);
    ck_assert_ptr_nonnull(strstr(b->seen, "Hi"));
    bench_free(b);
}
END_TEST

START_TEST(closing_restores_the_terminal)
{
    struct termios before, during, after;
    struct bench *b = bench_new(&before);
    int master = b->master;
    ck_assert_int_eq(tcgetattr(master, &during), 0);
    ck_assert_uint_eq(during.c_lflag & (tcflag_t)(ICANON | ECHO | ISIG), 0);
    see(b);
    b->frontend->close(b->frontend);
    ck_assert_int_eq(tcgetattr(master, &after), 0);
    ck_assert_uint_eq(after.c_lflag, before.c_lflag);
    ck_assert_uint_eq(after.c_iflag, before.c_iflag);
    b->seen_count = 0;
    see(b);
    ck_assert_ptr_nonnull(strstr(b->seen, "\033[?1049l"));
    close(master);
    free(b);
}
END_TEST

START_TEST(a_lost_terminal_quits_once)
{
    struct bench *b = bench_new(NULL);
    struct input_sink sink = {deliver, b};
    close(b->master);
    for (unsigned i = 0; i < 10; i++) {
        b->generation++;
        b->frontend->present(b->frontend, &b->screen);
        b->frontend->poll(b->frontend, &sink);
    }
    ck_assert_uint_eq(b->record_count, 1);
    ck_assert_int_eq(b->records[0].kind, INPUT_QUIT);
    b->frontend->close(b->frontend);
    free(b);
}
END_TEST

START_TEST(a_slow_terminal_makes_nobody_wait)
{
    struct bench *b = bench_new(NULL);
    struct chardev *serial = frontend_terminal_serial(b->frontend);
    struct input_sink sink = {deliver, b};
    uint8_t line[1000];
    memset(line, 'z', sizeof line);
    type(b, "\001c", 5);
    for (unsigned i = 0; i < 3000; i++) { /* three megabytes that nobody reads */
        serial->write(serial, line, sizeof line);
        b->frontend->poll(b->frontend, &sink);
    }
    tcflush(b->master, TCIOFLUSH);
    bench_free(b);
}
END_TEST

START_TEST(a_device_that_is_no_terminal_is_refused)
{
    struct frontend *frontend;
    struct error error = {STATUS_OK, ""};
    ck_assert_int_eq(terminal_open_device(&frontend, "/dev/null", "test", &error), STATUS_USAGE);
    ck_assert_ptr_null(frontend);
    ck_assert_ptr_nonnull(strstr(error.text, "/dev/null"));
}
END_TEST

Suite *terminal_suite(void)
{
    Suite *suite = suite_create("terminal");
    TCase *tc = tcase_create("terminal");
    tcase_set_timeout(tc, 20);
    tcase_add_test(tc, code_page_437_becomes_utf_8);
    tcase_add_test(tc, only_changed_cells_are_sent);
    tcase_add_test(tc, pictures_become_half_blocks);
    tcase_add_test(tc, any_size_of_terminal_and_picture_is_drawn);
    tcase_add_test(tc, the_screen_is_drawn_in_the_alternate_buffer);
    tcase_add_test(tc, keys_are_pressed_and_released_with_their_modifiers);
    tcase_add_test(tc, a_lone_escape_becomes_the_key_after_a_while);
    tcase_add_test(tc, ctrl_a_x_quits_and_ctrl_a_a_is_typed);
    tcase_add_test(tc, the_serial_console_shares_the_terminal);
    tcase_add_test(tc, closing_restores_the_terminal);
    tcase_add_test(tc, a_lost_terminal_quits_once);
    tcase_add_test(tc, a_slow_terminal_makes_nobody_wait);
    tcase_add_test(tc, a_device_that_is_no_terminal_is_refused);
    suite_add_tcase(suite, tc);
    return suite;
}
