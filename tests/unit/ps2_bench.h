/* For tests of the keyboard controller and what is plugged into it: a PC with both devices. */
#ifndef VITRINE_TESTS_PS2_BENCH_H
#define VITRINE_TESTS_PS2_BENCH_H

#include <check.h>
#include <string.h>

#include "devices/ps2.h"
#include "devices/types.h"
#include "tests/unit/fixture.h"

#define BYTE_US 1000u /* more than a byte needs on the cable */

struct pc {
    struct device_fixture *f;
    struct device *kbc, *keyboard, *mouse;
    struct fixture_probe irq1, irq12;
    struct input_port *keys, *moves;
};

static inline int next(struct pc *pc);

/* A controller with both devices, after their self tests; without interrupts pending. */
static inline void make(struct pc *pc)
{
    pc->f = device_fixture_new(&I8042_TYPE, NULL);
    pc->kbc = pc->f->device;
    pc->keyboard = fixture_add(pc->f, &PS2_KEYBOARD_TYPE, NULL);
    pc->mouse = fixture_add(pc->f, &PS2_MOUSE_TYPE, NULL);
    i8042_plug(pc->kbc, PS2_KEYBOARD, pc->keyboard);
    i8042_plug(pc->kbc, PS2_MOUSE, pc->mouse);
    fixture_probe(pc->f, pc->kbc, "irq1", &pc->irq1);
    fixture_probe(pc->f, pc->kbc, "irq12", &pc->irq12);
    pc->keys = ps2_keyboard_input(pc->keyboard);
    pc->moves = ps2_mouse_input(pc->mouse);
    fixture_run_us(pc->f, 20000);
    while (next(pc) >= 0)
        continue;
    pc->irq1.rises = pc->irq12.rises = 0;
}

/* The next byte as a driver that polls gets it; -1: none within a byte's time. */
static inline int next(struct pc *pc)
{
    for (unsigned i = 0; i < 3; i++) {
        if (fixture_in(pc->f, 0x64) & 1)
            return fixture_in(pc->f, 0x60);
        fixture_run_us(pc->f, BYTE_US);
    }
    return -1;
}

static inline void expect(struct pc *pc, const int *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(next(pc), expected[i]);
    ck_assert_int_eq(next(pc), -1);
}
#define EXPECT(pc, ...)                                                                       \
    do {                                                                                      \
        static const int expected_bytes[] = {__VA_ARGS__};                                    \
        expect(pc, expected_bytes, sizeof expected_bytes / sizeof expected_bytes[0]);         \
    } while (0)

static inline void command(struct pc *pc, uint8_t value)
{
    fixture_out(pc->f, 0x64, value);
}
static inline void data(struct pc *pc, uint8_t value)
{
    fixture_out(pc->f, 0x60, value);
}
static inline void to_mouse(struct pc *pc, uint8_t value)
{
    command(pc, 0xD4);
    data(pc, value);
}
static inline void key(struct pc *pc, uint8_t usage, bool is_pressed)
{
    pc->keys->key(pc->keys->self, usage, is_pressed);
}
static inline void mode(struct pc *pc, uint8_t value)
{
    command(pc, 0x60);
    data(pc, value);
}

static inline void tap(struct pc *pc, uint8_t usage)
{
    key(pc, usage, true);
    key(pc, usage, false);
}

#endif
