/* From bytes to struct instruction, by the rows of ops.def. */
#ifndef VITRINE_CPU_DECODE_H
#define VITRINE_CPU_DECODE_H

#include "cpu/internal.h"
#include "cpu/simd.h"

#define INSTRUCTION_MAX 15 /* bytes; longer is #GP (SDM 2 2.3.11) */
#define INSTRUCTION_MAX_286 10

enum operand_form {
    FORM_N, FORM_E, FORM_EG, FORM_GE, FORM_EI, FORM_GEI, FORM_AI, FORM_R, FORM_RI, FORM_I, FORM_J,
    FORM_AO, FORM_OA, /* accumulator and memory at a plain offset: decoded as GE and EG */
    FORM_E1, FORM_EC  /* shifts by one and by CL */
};
enum operand_size { SIZE_B, SIZE_W, SIZE_D, SIZE_Q, SIZE_V, SIZE_S };
enum immediate_kind { IMM_NO, IMM_IB, IMM_SB, IMM_IZ, IMM_IW, IMM_IV, IMM_FAR, IMM_WB, IMM_MO,
                      IMM_JB, IMM_JZ };
enum row_attribute { ROW_LOCK = 1, ROW_END = 2, ROW_MEM = 4, ROW_REGS = 8, ROW_PM = 16, ROW_REPS = 32,
                     ROW_NOMEM = 64, /* ModRM.mod must be 3 */
                     ROW_NP = 128 /* #UD with 66, F2 or F3 */ };
/* Families of specialised handlers: emit.c and its neighbours know how to choose one. */
enum fast_family {
    FAST_NO, FAST_ALU, FAST_INC, FAST_TEST, FAST_NOT, FAST_NEG, FAST_MUL, FAST_PUSH, FAST_POP,
    FAST_LEAVE, FAST_MOV, FAST_LEA, FAST_XCHG, FAST_NOP, FAST_CBW, FAST_CWD, FAST_IMUL, FAST_SHIFT,
    FAST_SHLD, FAST_JCC, FAST_SETCC, FAST_CMOV, FAST_LOOP, FAST_CALL, FAST_JMP, FAST_CALL_E,
    FAST_JMP_E, FAST_RET, FAST_MOVX, FAST_BSWAP, FAST_X87, FAST_IN, FAST_OUT, FAST_SAHF, FAST_STRING,
    FAST_XADD, FAST_CMPXCHG, FAST_BT, FAST_DIV, FAST_PUSH_SEGMENT, FAST_FLAGS /* CLI, STI, CLD, STD, PUSHF, POPF */
};
enum alu_operation { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };

#define ROW_ANY 8
struct opcode_row {
    const char *mnemonic;
    cpu_execute *execute;
    uint64_t feature;
    uint16_t opcode;
    uint8_t digit, form, size, immediate, fast, argument, reads, writes, attributes;
    struct simd_row simd; /* of the rows of ops_simd.def */
};
/* reads and writes: */
enum row_flags { ROW_FLAGS_0 = 0, ROW_FLAGS_C = 1, ROW_FLAGS_X = 2, ROW_FLAGS_A = 3 };

/* Where to find the row of an opcode; filled once, owned by the pool of decoded code. */
struct opcode_map {
    const struct opcode_row *row[512][8];
    const struct opcode_row *row_8086[256][8]; /* before the 80186: ops_8086.def over the others */
    const struct opcode_row *row_286[256][8];  /* the 80286: ops_286.def over the others */
    const struct opcode_row *row_386[512][8];  /* the 80386: ops_386.def over the others */
    /* MMX and SSE, by map (0F, 0F 38, 0F 3A), opcode and prefix: 1 + the first row, 0 where there is
     * none. The rows of an opcode follow each other. */
    uint16_t simd[3][256][SIMD_PREFIXES];
};
void opcode_map_init(struct opcode_map *map);
const struct opcode_row *opcode_row_at(size_t index); /* all rows in turn; NULL past the last */
const struct opcode_row *opcode_row_8086_at(size_t index); /* the same for ops_8086.def, ... */
const struct opcode_row *opcode_row_286_at(size_t index);
const struct opcode_row *opcode_row_386_at(size_t index);
/* The same for ops_simd.def (simd_rows.c): 0FXX, or 38XX and 3AXX for the three-byte maps. */
const struct opcode_row *simd_row_at(size_t index);
void simd_map_init(struct opcode_map *map);

/* 16-bit addresses by ModRM's R/M (SDM 2A, table 2-1; number 6 without MOD is a displacement alone). */
static const uint8_t DECODE_BASES_16[8] = {CPU_BX, CPU_BX, CPU_BP, CPU_BP, CPU_SI, CPU_DI, CPU_BP, CPU_BX};
static const uint8_t DECODE_INDICES_16[8] = {CPU_SI,        CPU_DI,        CPU_SI,        CPU_DI,
                                             REGISTER_ZERO, REGISTER_ZERO, REGISTER_ZERO, REGISTER_ZERO};

struct decode_mode {
    const struct cpu_model *model;
    uint8_t code_bytes; /* 2, 4, or 8: 64-bit code, which nothing executes yet */
    bool is_protected;  /* protected and not virtual-8086 */
};

enum decode_result {
    DECODE_OK,
    DECODE_SHORT,  /* more bytes are needed than were given */
    DECODE_INVALID /* #UD or #GP: i->row says which, length is what was looked at */
};
/* Decodes one instruction from `available` bytes (15 are always enough). */
enum decode_result decode(const struct opcode_map *map, const struct decode_mode *mode,
                          const uint8_t *bytes, size_t available, struct instruction *i);

#endif
