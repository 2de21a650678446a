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

Suite *cpu_386_flags_suite(void);
Suite *cpu_386_flags_suite(void)
{
    Suite *suite = suite_create("cpu_386_flags");
    TCase *tcase = tcase_create("cpu_386_flags");
    tcase_add_loop_test(tcase, undefined_flags_are_the_chips, 0, (int)ARRAY_COUNT(SEEN));
    suite_add_tcase(suite, tcase);
    return suite;
}
