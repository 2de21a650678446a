/* Flags that the manuals leave undefined, as the 80386 leaves them. Expected values: what was seen on a 386SX,
 * published with the test ROM barotto/test386.asm (its POST E0h). */
#include <check.h>

#include "tests/unit/cpu_box.h"

#define ARITHMETIC 0x8d5u

enum { CF = 0x001, PF = 0x004, AF = 0x010, ZF = 0x040, SF = 0x080, OF = 0x800 };

struct seen {
    const char *code;
    size_t length;
    uint16_t ax, cx, before, after;
};
#define CODE(bytes) bytes, sizeof(bytes) - 1
#define AAA         CODE("\x37")
#define AAS         CODE("\x3f")
#define AAD         CODE("\xd5\x0a")
#define AAM         CODE("\xd4\x0a")
#define DAA         CODE("\x27")
#define DAS         CODE("\x2f")
#define SHR_AL      CODE("\xd2\xe8")
#define SHR_AX      CODE("\xd3\xe8")
#define SHL_AL      CODE("\xd2\xe0")
#define SHL_AX      CODE("\xd3\xe0")
#define RCR_AL      CODE("\xd2\xd8")
#define RCR_AX      CODE("\xd3\xd8")
#define RCL_AL      CODE("\xd2\xd0")
#define RCL_AX      CODE("\xd3\xd0")
#define BT          CODE("\x0f\xa3\xc8") /* bt ax,cx */
#define BTS         CODE("\x0f\xab\xc8")
#define BTR         CODE("\x0f\xb3\xc8")
#define BTC         CODE("\x0f\xbb\xc8")

static const struct seen SEEN[] = {
    {AAA,    0x0000, 0,  0,                 PF | ZF               },
    {AAA,    0x0001, 0,  PF | ZF | SF | OF, 0                     },
    {AAA,    0x007a, 0,  0,                 CF | AF | SF | OF     },
    {AAA,    0x007b, 0,  AF,                CF | PF | AF | SF | OF},
    {AAS,    0x0000, 0,  SF | OF,           PF | ZF               },
    {AAS,    0x0000, 0,  AF,                CF | PF | AF | SF     },
    {AAS,    0x0001, 0,  PF | ZF | SF | OF, 0                     },
    {AAS,    0x0680, 0,  AF,                CF | AF | OF          },
    {AAD,    0x0001, 0,  CF | AF | OF,      0                     },
    {AAD,    0x0d8e, 0,  0,                 CF | AF | OF          },
    {AAD,    0x0106, 0,  0,                 AF                    },
    {AAD,    0x01f7, 0,  0,                 CF | AF               },
    {AAM,    0x0000, 0,  0,                 PF | ZF               },
    {AAM,    0x0000, 0,  CF | AF | OF,      PF | ZF               },
    {DAA,    0x001a, 0,  AF | OF,           AF                    },
    {DAA,    0x001a, 0,  CF,                CF | AF | SF | OF     },
    {DAS,    0x0080, 0,  OF,                SF                    },
    {DAS,    0x0080, 0,  AF,                AF | OF               },
    {SHR_AL, 0x81,   1,  0,                 CF | AF | OF          },
    {SHR_AL, 0x82,   2,  0,                 CF | AF               },
    {SHR_AL, 0x80,   8,  0,                 CF | PF | AF | ZF     },
    {SHR_AL, 0x00,   8,  CF,                PF | AF | ZF          },
    {SHR_AL, 0x80,   16, 0,                 CF | PF | AF | ZF     },
    {SHR_AL, 0x80,   24, 0,                 CF | PF | AF | ZF     },
    {SHR_AL, 0x80,   32, 0,                 0                     },
    {SHR_AX, 0x8000, 16, 0,                 CF | PF | AF | ZF     },
    {SHR_AX, 0x0000, 16, CF,                PF | AF | ZF          },
    {SHL_AL, 0x81,   1,  0,                 CF | AF | OF          },
    {SHL_AL, 0x41,   2,  0,                 CF | AF | OF          },
    {SHL_AL, 0x01,   8,  0,                 CF | PF | AF | ZF | OF},
    {SHL_AL, 0x00,   8,  CF,                PF | AF | ZF          },
    {SHL_AL, 0x01,   16, 0,                 CF | PF | AF | ZF | OF},
    {SHL_AL, 0x01,   24, 0,                 CF | PF | AF | ZF | OF},
    {SHL_AL, 0x01,   32, 0,                 0                     },
    {SHL_AX, 0x0001, 16, 0,                 CF | PF | AF | ZF | OF},
    {RCR_AL, 0x00,   9,  0,                 0                     },
    {RCR_AL, 0x00,   9,  CF | OF,           CF                    },
    {RCR_AL, 0x40,   9,  0,                 OF                    },
    {RCR_AL, 0x40,   9,  CF | OF,           CF | OF               },
    {RCR_AX, 0x0000, 17, CF | OF,           CF                    },
    {RCR_AX, 0x4000, 17, 0,                 OF                    },
    {RCR_AX, 0x4000, 17, CF | OF,           CF | OF               },
    {RCL_AL, 0x00,   9,  CF | OF,           CF | OF               },
    {RCL_AL, 0x80,   9,  0,                 OF                    },
    {RCL_AL, 0x80,   9,  CF | OF,           CF                    },
    {RCL_AX, 0x0000, 17, CF | OF,           CF | OF               },
    {RCL_AX, 0x8000, 17, 0,                 OF                    },
    {RCL_AX, 0x8000, 17, CF | OF,           CF                    },
    {BT,     0x01,   0,  0,                 CF                    },
    {BTS,    0x01,   1,  0,                 OF                    },
    {BTR,    0x01,   2,  CF,                OF                    },
    {BTC,    0x01,   3,  CF,                0                     },
};

START_TEST(undefined_flags_are_the_chips)
{
    const struct seen *row = &SEEN[_i];
    struct cpu_box box;
    const uint32_t before[4] = {row->ax, row->cx, 0, 0};
    cpu_box_init(&box, "80386", 64);
    struct cpu_registers r = cpu_box_step_real(&box, before, row->before, row->code, row->length);
    ck_assert_uint_eq(r.ip, CPU_BOX_IP + row->length);
    ck_assert_msg((r.flags & ARITHMETIC) == row->after, "row %d: flags %x, the chip %x", _i,
                  (unsigned)(r.flags & ARITHMETIC), row->after);
    cpu_box_fini(&box);
}
END_TEST

/* What programs from before CPUID divide, to find processors that leave the flags alone: AX = 5555h by CX = 2 with ZF set
 * (a NexGen keeps it, a 386 does not), 5 by 2 with all flags clear (a Cyrix keeps them, an i486 does not). Processors
 * of today keep them. */
static const struct {
    const char *model;
    bool keeps;
} DIVIDERS[] = {{"80286", false}, {"80386", false}, {"80486", false}, {"p6", true}, {"max", true}};

START_TEST(a_division_tells_an_80386_from_a_nexgen_and_an_i486_from_a_cyrix)
{
    const uint32_t nexgen[4] = {0x5555, 2, 0, 0}, cyrix[4] = {5, 2, 0, 0};
    bool keeps = DIVIDERS[_i].keeps;
    struct cpu_box box;
    cpu_box_init(&box, DIVIDERS[_i].model, 64);
    struct cpu_registers r = cpu_box_step_real(&box, nexgen, ZF, CODE("\xf7\xf1")); /* div cx */
    ck_assert_uint_eq(r.gpr[CPU_AX] & 0xffff, 0x2aaa);
    ck_assert_uint_eq(r.flags & ZF, keeps ? ZF : 0);
    cpu_box_fini(&box);
    cpu_box_init(&box, DIVIDERS[_i].model, 64);
    r = cpu_box_step_real(&box, cyrix, 0, CODE("\xf6\xf1")); /* div cl */
    ck_assert_uint_eq(r.gpr[CPU_AX] & 0xffff, 0x102);
    ck_assert_int_eq((r.flags & ARITHMETIC & 0xff) == 0, keeps); /* what LAHF shows */
    cpu_box_fini(&box);
}
END_TEST

/* The manual: POPAD leaves the stack's value of ESP where it is. In real mode the chip takes its upper half (captures). */
START_TEST(popad_takes_half_of_esp_in_real_mode_only)
{
    for (unsigned is_protected = 0; is_protected < 2; is_protected++) {
        struct cpu_box box;
        struct cpu_registers r;
        cpu_box_init(&box, "80386", 64);
        cpu_get_registers(box.cpu, &r); /* as after a reset: the stack's segment begins at 0 and has 64 KiB */
        r.gpr[CPU_SP] = 0x7000;
        r.cr0 |= is_protected;
        r.segment[CPU_CS].base = 0x8000;
        r.ip = 0;
        cpu_set_registers(box.cpu, &r);
        for (uint32_t n = 0; n < 8; n++)
            cpu_box_poke32(&box, 0x7000 + 4 * n, 0x12340000 + n);
        cpu_box_poke(&box, 0x8000, "\x66\x61", 2);
        cpu_box_run(&box, 1);
        cpu_get_registers(box.cpu, &r);
        ck_assert_uint_eq(r.gpr[CPU_DI], 0x12340000);
        ck_assert_uint_eq(r.gpr[CPU_SP], is_protected ? 0x7020 : 0x12347020);
        cpu_box_fini(&box);
    }
}
END_TEST

Suite *cpu_386_flags_suite(void);
Suite *cpu_386_flags_suite(void)
{
    Suite *suite = suite_create("cpu_386_flags");
    TCase *tcase = tcase_create("cpu_386_flags");
    tcase_add_loop_test(tcase, undefined_flags_are_the_chips, 0, (int)ARRAY_COUNT(SEEN));
    tcase_add_loop_test(tcase, a_division_tells_an_80386_from_a_nexgen_and_an_i486_from_a_cyrix, 0,
                        (int)ARRAY_COUNT(DIVIDERS));
    tcase_add_test(tcase, popad_takes_half_of_esp_in_real_mode_only);
    suite_add_tcase(suite, tcase);
    return suite;
}
