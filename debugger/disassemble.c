#include "debugger/disassemble.h"

#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "config.h"
#include "debugger/symbols.h"
#include "machine/machine.h"

#if HAVE_CAPSTONE
#include <capstone/capstone.h>
#endif

static void as_data(struct disassembly *out, const uint8_t *bytes, size_t count)
{
    memset(out, 0, sizeof *out);
    if (count == 0)
        return;
    out->length = 1;
    snprintf(out->text, sizeof out->text, "db 0x%02x", bytes[0]);
}

#if HAVE_CAPSTONE
static bool comes_back(const cs_insn *instruction)
{
    static const char *const WORDS[] = {"call", "lcall", "int",   "int3", "into",
                                        "rep",  "repe",  "repne", "repz", "repnz"};
    size_t length = strcspn(instruction->mnemonic, " ");
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (strlen(WORDS[i]) == length && strncmp(instruction->mnemonic, WORDS[i], length) == 0)
            return true;
    return false;
}

void disassemble(struct disassembly *out, uint64_t address, const uint8_t *bytes, size_t count,
                 unsigned bits)
{
    cs_insn *instruction = NULL;
    csh handle;
    as_data(out, bytes, count);
    if (cs_open(CS_ARCH_X86, bits == 16 ? CS_MODE_16 : CS_MODE_32, &handle) != CS_ERR_OK)
        return;
    if (cs_disasm(handle, bytes, count, address, 1, &instruction) == 1) {
        out->is_known = true;
        out->length = instruction->size;
        out->is_call = comes_back(instruction);
        snprintf(out->text, sizeof out->text, "%.31s%s%.90s", instruction->mnemonic,
                 instruction->op_str[0] ? " " : "", instruction->op_str);
        cs_free(instruction, 1);
    }
    cs_close(&handle);
}
#else
void disassemble(struct disassembly *out, uint64_t address, const uint8_t *bytes, size_t count,
                 unsigned bits)
{
    (void)address;
    (void)bits;
    as_data(out, bytes, count);
}
#endif

void disassemble_place(void *symbols, const struct machine *machine, uint64_t linear, char *text,
                       size_t size)
{
    uint8_t bytes[INSTRUCTION_BYTES_MAX];
    struct cpu_registers r;
    struct disassembly code;
    size_t used, count;
    symbols_code_text(symbols, linear, text, size);
    used = strlen(text);
    count = machine->cpu ? cpu_peek(machine->cpu, linear, bytes, sizeof bytes) : 0;
    if (count == 0)
        return;
    cpu_get_registers(machine->cpu, &r);
    disassemble(&code, linear - r.segment[CPU_CS].base, bytes, count,
                r.segment[CPU_CS].attributes & 0x400u ? 32 : 16); /* D/B */
    text_append(text, size, &used, "  %s", code.text);
}
