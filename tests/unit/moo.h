/* Captures of single instructions in MOO files: chunks {4 letters, uint32 length, payload}, little endian.
 * Specification: dbalsom/moo, doc/moo_format_v1.md, version 1.1 (REGS, RMSK and RG32, RM32). */
#ifndef VITRINE_TESTS_UNIT_MOO_H
#define VITRINE_TESTS_UNIT_MOO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of RG32; REGS holds some of them, in an order of its own. */
enum moo_register {
    MOO_CR0, MOO_CR3, MOO_AX, MOO_BX, MOO_CX, MOO_DX, MOO_SI, MOO_DI, MOO_BP, MOO_SP, MOO_CS, MOO_DS,
    MOO_ES, MOO_FS, MOO_GS, MOO_SS, MOO_IP, MOO_FLAGS, MOO_DR6, MOO_DR7, MOO_REGISTERS
};
struct moo_registers {
    uint32_t value[MOO_REGISTERS];
    uint32_t present; /* by bit */
};
struct moo_state {
    struct moo_registers registers, masks; /* masks: what of it is defined */
    uint32_t count;
    const uint8_t *ram; /* count times {uint32 address, uint8 value} */
};
struct moo_test {
    uint32_t index;
    char name[64];
    const uint8_t *bytes; /* of the instruction */
    uint32_t byte_count;
    struct moo_state initial, final;
    bool has_exception;
    uint8_t vector;
    char hash[41]; /* in hexadecimal; empty: none */
};
struct moo_file {
    char cpu[5];               /* "8088", "C286", "386E" */
    struct moo_registers masks; /* of the whole file */
    const uint8_t *at, *end;
};

/* False: no MOO file. The bytes outlive the file. */
bool moo_open(struct moo_file *file, const uint8_t *bytes, size_t size);
/* The next test, what it leaves out filled in by moo_complete(). */
bool moo_next(struct moo_file *file, struct moo_test *test);
/* Registers that do not change; masks of the file (NULL: none), else of all ones. */
void moo_complete(struct moo_test *test, const struct moo_registers *masks);

#endif
