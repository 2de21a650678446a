/* The window, with SDL's dummy video driver: what is drawn into it and what its events become. */
#include <SDL.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "frontends/frontend.h"
#include "frontends/keys.h"

struct bench {
    struct frontend *frontend;
    struct display_screen screen;
    struct input_sink sink;
    struct input_record records[64];
    size_t record_count;
    uint32_t width, height;
    uint64_t generation;
    unsigned *counter; /* of draws */
};

static void screen_size(const void *self, uint32_t *width, uint32_t *height)
{
    const struct bench *b = self;
    *width = b->width;
    *height = b->height;
}

static uint64_t screen_generation(const void *self)
{
    return ((const struct bench *)self)->generation;
}

static void screen_draw(const void *self, struct display_picture *picture)
{
    const struct bench *b = self;
    picture->width = b->width;
    picture->height = b->height;
    for (size_t i = 0; i < (size_t)b->width * b->height; i++)
        picture->pixels[i] = 0x123456;
    (*b->counter)++;
}

static void deliver(void *self, const struct input_record *record)
{
    struct bench *b = self;
    ck_assert_uint_lt(b->record_count, 64);
    b->records[b->record_count++] = *record;
}

static void push(struct bench *b, SDL_Event event)
{
    ck_assert_int_eq(SDL_PushEvent(&event), 1);
    b->frontend->poll(b->frontend, &b->sink);
}

static SDL_Event key_event(uint32_t type, SDL_Scancode scancode)
{
    SDL_Event event;
    memset(&event, 0, sizeof event);
    event.type = type;
    event.key.keysym.scancode = scancode;
    return event;
}

static void bench_init(struct bench *b)
{
    struct error error = {STATUS_OK, ""};
    memset(b, 0, sizeof *b);
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    ck_assert_msg(frontend_sdl_open(&b->frontend, "test", &error) == STATUS_OK, "%s", error.text);
    b->sink.deliver = deliver;
    b->sink.self = b;
    b->width = 720;
    b->height = 400;
    b->frontend->poll(b->frontend, &b->sink); /* what opening the window brought */
    b->record_count = 0;
}

START_TEST(keys_come_once_and_are_released_when_the_focus_goes)
{
    struct bench b;
    SDL_Event focus;
    bench_init(&b);
    push(&b, key_event(SDL_KEYDOWN, SDL_SCANCODE_A));
    push(&b, key_event(SDL_KEYDOWN, SDL_SCANCODE_A)); /* a repeat */
    push(&b, key_event(SDL_KEYUP, SDL_SCANCODE_A));
    push(&b, key_event(SDL_KEYDOWN, SDL_SCANCODE_LCTRL));
    memset(&focus, 0, sizeof focus);
    focus.type = SDL_WINDOWEVENT;
    focus.window.event = SDL_WINDOWEVENT_FOCUS_LOST;
    push(&b, focus);
    ck_assert_uint_eq(b.record_count, 4);
    ck_assert_uint_eq(b.records[0].usage, KEY_A);
    ck_assert(b.records[0].is_pressed && !b.records[1].is_pressed);
    ck_assert_uint_eq(b.records[2].usage, KEY_LEFT_CTRL);
    ck_assert_uint_eq(b.records[3].usage, KEY_LEFT_CTRL);
    ck_assert(b.records[2].is_pressed && !b.records[3].is_pressed);
    b.frontend->close(b.frontend);
}
END_TEST

START_TEST(the_mouse_moves_by_differences_and_is_not_grabbed)
{
    struct bench b;
    SDL_Event event;
    bench_init(&b);
    memset(&event, 0, sizeof event);
    event.type = SDL_MOUSEMOTION;
    event.motion.x = 100;
    event.motion.y = 50;
    push(&b, event); /* where it is: no movement yet */
    event.motion.x = 90;
    event.motion.y = 57;
    push(&b, event);
    event.type = SDL_MOUSEBUTTONDOWN;
    event.button.button = SDL_BUTTON_RIGHT;
    push(&b, event);
    ck_assert_uint_eq(b.record_count, 2);
    ck_assert_int_eq(b.records[0].dx, -10);
    ck_assert_int_eq(b.records[0].dy, 7);
    ck_assert_uint_eq(b.records[1].buttons, 2);
    ck_assert(!SDL_GetRelativeMouseMode());
    b.frontend->close(b.frontend);
}
END_TEST

START_TEST(closing_the_window_quits)
{
    struct bench b;
    SDL_Event event;
    bench_init(&b);
    memset(&event, 0, sizeof event);
    event.type = SDL_QUIT;
    push(&b, event);
    ck_assert_uint_eq(b.record_count, 1);
    ck_assert_int_eq(b.records[0].kind, INPUT_QUIT);
    b.frontend->close(b.frontend);
}
END_TEST

START_TEST(a_picture_is_drawn_only_when_it_changed)
{
    static const uint32_t SIZES[][2] = {{720, 400}, {320, 200}, {640, 200}, {1, 1}, {2560, 1600}};
    struct bench b;
    unsigned draws = 0;
    bench_init(&b);
    b.screen = (struct display_screen){.size = screen_size, .generation = screen_generation,
                                       .draw = screen_draw, .self = &b};
    b.counter = &draws;
    for (unsigned i = 0; i < 5; i++) {
        b.width = SIZES[i][0];
        b.height = SIZES[i][1];
        b.generation++;
        b.frontend->present(b.frontend, &b.screen);
        ck_assert_uint_eq(draws, i + 1);
        b.frontend->present(b.frontend, &b.screen);
        ck_assert_uint_eq(draws, i + 1);
        SDL_Delay(20);
    }
    b.frontend->close(b.frontend);
}
END_TEST

Suite *sdl_suite(void)
{
    Suite *suite = suite_create("sdl");
    TCase *tc = tcase_create("sdl");
    tcase_set_timeout(tc, 20);
    tcase_add_test(tc, keys_come_once_and_are_released_when_the_focus_goes);
    tcase_add_test(tc, the_mouse_moves_by_differences_and_is_not_grabbed);
    tcase_add_test(tc, closing_the_window_quits);
    tcase_add_test(tc, a_picture_is_drawn_only_when_it_changed);
    suite_add_tcase(suite, tc);
    return suite;
}
