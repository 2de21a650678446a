#include "debugger/disassemble.h"

#include <stdio.h>
#include <string.h>

#include "config.h"

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
    static const char *const WORDS[] = {"call", "lcall", "int", "int3", "into", "rep", "repe", "repne",
                                        "repz", "repnz"};
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
