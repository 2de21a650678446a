/* One instruction in words, by Capstone where configure found it. */
#ifndef VITRINE_DEBUGGER_DISASSEMBLE_H
#define VITRINE_DEBUGGER_DISASSEMBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSTRUCTION_BYTES_MAX 15

struct disassembly {
    size_t length;  /* of the instruction in bytes; at least 1 when bytes were given */
    bool is_known;  /* decoded; else one byte as data, and length is no instruction's */
    bool is_call;   /* comes back: CALL, INT, and repeated string instructions */
    char text[128]; /* "mov eax, 0x10" */
};

/* Decodes the instruction at `address` (for relative targets) from `count` bytes; bits: 16 or 32. */
void disassemble(struct disassembly *out, uint64_t address, const uint8_t *bytes, size_t count,
                 unsigned bits);

struct machine;

/* " <symbol+offset> at file.c:12  mov eax, 0x10" of a machine's code at a linear address; `symbols` (struct
 * symbols) may be NULL. It is a machine's `place`. */
void disassemble_place(void *symbols, const struct machine *machine, uint64_t linear, char *text,
                       size_t size);

#endif
