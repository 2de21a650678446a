/*
 * The x87 floating-point unit: register stack, control and status, every instruction D8-DF.
 *
 * Specification: Intel SDM (2023) vol. 1 chapter 8, vol. 2 (single instructions), vol. 3 chapter
 * 23.18 (differences between generations); behaviour where the manual is silent is that of the
 * silicon (tests/fuzz/x87_silicon.c compares whole states).
 *
 * The unit knows no memory and no faults: the core decodes, checks CR0 (EM, TS: #NM), asks
 * x87_waits() and x87_is_pending() (#MF or IRQ 13), fetches or checks the memory operand that
 * x87_memory_operand() describes, then calls x87_execute_memory() or x87_execute_register(). For a
 * store it must have made sure beforehand that the destination can be written, for the stack may
 * be popped by then. Hot instructions can be called directly (x87_fld64 and so on).
 *
 * MISSING: the 8087 and 80287 (projective infinity, FENI, their NaN and stack rules): every model
 * has the rules of the 387 and its successors. Which encodings a model knows (FCOMI, FCMOV: i686)
 * is for the core.
 */
#ifndef VITRINE_CPU_X87_H
#define VITRINE_CPU_X87_H

#include "cpu/f80.h"

/* Status word, SDM vol. 1 figure 8-4: bits 0-5 are enum f80_exception. */
enum x87_status_bit {
    X87_SF = 0x0040, /* stack fault */
    X87_ES = 0x0080, /* an unmasked exception is pending */
    X87_C0 = 0x0100,
    X87_C1 = 0x0200,
    X87_C2 = 0x0400,
    X87_TOP = 0x3800,
    X87_C3 = 0x4000,
    X87_B = 0x8000 /* since the 387 a copy of ES */
};

struct x87 {
    struct f80 reg[8]; /* R0-R7, not in stack order; MMi is the significand of Ri */
    uint32_t status; /* without TOP. This and the next two are written by nearly every instruction and read by the
                      * next: as wide as a plain load is, which recent processors serve at once (gpr_alone()) */
    uint32_t top;    /* 0-7 */
    uint32_t valid;  /* bit i: Ri is not empty; the finer tags are made when they are stored */
    uint16_t control;
    uint16_t opcode; /* last non-control instruction: 11 bits, (opcode & 7) << 8 | modrm */
    uint16_t cs, ds;
    uint64_t ip, dp;
};

/* Where an instruction and its memory operand are, for the pointers that handlers read. */
struct x87_origin {
    uint16_t cs, ds;
    uint64_t ip, dp;
};

enum x87_direction { X87_UNDEFINED_OPERAND, X87_LOAD, X87_STORE };

/* The memory operand of an instruction; bytes <= X87_OPERAND_BYTES. */
struct x87_operand {
    uint8_t bytes;
    enum x87_direction direction;
};

#define X87_OPERAND_BYTES 108

enum x87_outcome {
    X87_DONE,
    X87_NOT_STORED, /* an unmasked exception stopped the store: memory must not be written */
    X87_UNDEFINED   /* no such instruction: #UD */
};

/*
 * Which of the four layouts FLDENV, FNSTENV, FNSAVE and FRSTOR use (SDM vol. 1, figures 8-9 to
 * 8-12).
 */
struct x87_format {
    bool is_32bit; /* operand size */
    bool is_real;  /* real or virtual-8086 mode: pointers are linear addresses */
};

/* Power-up as after FNINIT, and the register contents cleared. */
void x87_reset(struct x87 *x);

/* --- what the core asks before executing ------------------------------------------------------ */

/* The memory operand for modrm < C0. */
struct x87_operand x87_memory_operand(uint8_t opcode, uint8_t modrm, bool is_32bit);
/* False for the instructions that do not look for pending exceptions (FNINIT, FNSTSW, ...). */
bool x87_waits(uint8_t opcode, uint8_t modrm);
/* True for FCMOVcc, which read CF, ZF and PF; and for FCOMI and its kin, which write the flags. */
bool x87_reads_flags(uint8_t opcode, uint8_t modrm);
bool x87_writes_flags(uint8_t opcode, uint8_t modrm);
/* An unmasked exception waits to be reported at the next waiting instruction. */
static inline bool x87_is_pending(const struct x87 *x)
{
    return (x->status & X87_ES) != 0;
}

/* --- execution -------------------------------------------------------------------------------- */

/*
 * A memory form. buffer holds the operand in memory order, or receives it: X87_OPERAND_BYTES are
 * enough. origin may be NULL when the pointers do not matter.
 */
enum x87_outcome x87_execute_memory(struct x87 *x, uint8_t opcode, uint8_t modrm,
                                    struct x87_format format, const struct x87_origin *origin,
                                    uint8_t *buffer);
/*
 * A register form. eflags is read by FCMOVcc; FCOMI and its kin clear OF, SF, AF and set ZF, PF,
 * CF in it. FNSTSW AX writes *ax.
 */
enum x87_outcome x87_execute_register(struct x87 *x, uint8_t opcode, uint8_t modrm,
                                      const struct x87_origin *origin, uint64_t *eflags,
                                      uint16_t *ax);

/* --- hot instructions, and the pieces of the others ------------------------------------------- */

static inline unsigned x87_index(const struct x87 *x, unsigned i)
{
    return (x->top + i) & 7;
}

static inline bool x87_is_empty(const struct x87 *x, unsigned i)
{
    return (x->valid >> x87_index(x, i) & 1) == 0;
}

void x87_fld32(struct x87 *x, uint32_t bits);
void x87_fld64(struct x87 *x, uint64_t bits);
void x87_fld80(struct x87 *x, struct f80 value);
void x87_fild(struct x87 *x, int64_t value);
void x87_fld_register(struct x87 *x, unsigned i);
void x87_fst_register(struct x87 *x, unsigned i, bool pops);
void x87_fxch(struct x87 *x, unsigned i);
/* False: not stored, memory must stay as it is. */
bool x87_fst32(struct x87 *x, uint32_t *bits, bool pops);
bool x87_fst64(struct x87 *x, uint64_t *bits, bool pops);
bool x87_fstp80(struct x87 *x, struct f80 *value);
/* FIST, FISTP and, truncating, FISTTP; bytes: 2, 4 or 8. */
bool x87_fist(struct x87 *x, int64_t *value, unsigned bytes, bool truncates, bool pops);
bool x87_fbstp(struct x87 *x, uint8_t bcd[10]);

/* As the reg field of D8 counts them; REVERSED ones are operand - ST(0) and operand / ST(0). */
enum x87_arithmetic {
    X87_ADD,
    X87_MUL,
    X87_COMPARE,
    X87_COMPARE_POP,
    X87_SUB,
    X87_SUB_REVERSED,
    X87_DIV,
    X87_DIV_REVERSED
};
/* ST(0) := ST(0) op ST(i), or with to_i ST(i) := ST(0) op ST(i); not for the compares. */
void x87_arithmetic_register(struct x87 *x, enum x87_arithmetic op, unsigned i, bool to_i,
                             bool pops);
/* ST(0) := ST(0) op memory, compares included. */
void x87_arithmetic_float32(struct x87 *x, enum x87_arithmetic op, uint32_t bits);
void x87_arithmetic_float64(struct x87 *x, enum x87_arithmetic op, uint64_t bits);
void x87_arithmetic_int(struct x87 *x, enum x87_arithmetic op, int64_t value);

/* --- control ---------------------------------------------------------------------------------- */

uint16_t x87_status(const struct x87 *x); /* with TOP */
void x87_set_status(struct x87 *x, uint16_t status);
void x87_set_control(struct x87 *x, uint16_t control);
/* The tag word: two bits a register, R0 lowest: 0 valid, 1 zero, 2 special, 3 empty. */
uint16_t x87_tag(const struct x87 *x);
void x87_set_tag(struct x87 *x, uint16_t tag);
void x87_fninit(struct x87 *x);
void x87_fnclex(struct x87 *x);

/*
 * Environment: 14 or 28 bytes; state: 94 or 108. Storing masks all exceptions, saving initialises.
 */
void x87_store_environment(struct x87 *x, struct x87_format format, uint8_t *image);
void x87_load_environment(struct x87 *x, struct x87_format format, const uint8_t *image);
void x87_save_state(struct x87 *x, struct x87_format format, uint8_t *image);
void x87_restore_state(struct x87 *x, struct x87_format format, const uint8_t *image);
/*
 * Bytes 0-23 and 32-159 of the FXSAVE area; MXCSR (24-31) and the XMM registers are the core's.
 * is_64bit: REX.W, pointers of 64 bits without selectors.
 */
void x87_fxsave(const struct x87 *x, bool is_64bit, uint8_t *image);
void x87_fxrstor(struct x87 *x, bool is_64bit, const uint8_t *image);

/* --- MMX -------------------------------------------------------------------------------------- */

/* Every MMX instruction but EMMS: TOP becomes 0 and all registers valid (SDM vol. 1, 9.5.1). */
static inline void x87_mmx_enter(struct x87 *x)
{
    x->top = 0;
    x->valid = 0xFF;
}

static inline void x87_emms(struct x87 *x)
{
    x->top = 0;
    x->valid = 0;
}

static inline uint64_t x87_mmx_read(const struct x87 *x, unsigned i)
{
    return x->reg[i & 7].significand;
}

static inline void x87_mmx_write(struct x87 *x, unsigned i, uint64_t value)
{
    x->reg[i & 7] = f80_make(0xFFFF, value);
}

#endif
