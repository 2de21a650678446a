#include "debugger/vtr_format.h"

#include "debugger/trace_record.h"

#define MEMBER(name, type, limit)                                                                  \
    {                                                                                              \
        (uint16_t) offsetof(struct trace_record, name),                                            \
            (uint8_t)sizeof(((struct trace_record *)0)->name), type, limit                         \
    }

/* A new member goes to the end, with a new VTR_VERSION; one that is gone leaves its place. */
const struct vtr_member VTR_MEMBERS[VTR_MEMBER_COUNT] = {
    MEMBER(seq, VTR_NUMBER, 0),
    MEMBER(time, VTR_NUMBER, 0),
    MEMBER(ns, VTR_NUMBER, 0),
    MEMBER(instructions, VTR_NUMBER, 0),
    MEMBER(eip, VTR_NUMBER, 0),
    MEMBER(linear, VTR_NUMBER, 0),
    MEMBER(value, VTR_NUMBER, 0),
    MEMBER(address, VTR_NUMBER, 0),
    MEMBER(is_write, VTR_BOOL, 2),
    MEMBER(reg, VTR_TEXT, 0),
    MEMBER(meaning, VTR_TEXT, 0),
    MEMBER(old, VTR_NUMBER, 0),
    MEMBER(has_old, VTR_BOOL, 2),
    MEMBER(size, VTR_NUMBER, 0),
    MEMBER(device, VTR_TEXT, 0),
    MEMBER(count, VTR_NUMBER, 0),
    MEMBER(cause, VTR_NUMBER, 0),
    MEMBER(space, VTR_ENUM, ACCESS_CALL + 1),
    MEMBER(machine, VTR_TEXT, 0),
    MEMBER(has_cpu, VTR_BOOL, 2),
    MEMBER(cs, VTR_NUMBER, 0),
    MEMBER(cpl, VTR_NUMBER, 0),
    MEMBER(decision, VTR_ENUM, DECISION_SHARE + 1),
    MEMBER(note, VTR_TEXT, 0),
    MEMBER(source, VTR_TEXT, 0),
    MEMBER(line, VTR_NUMBER, 0),
    MEMBER(level, VTR_BOOL, 2),
    MEMBER(step, VTR_ENUM, INTERRUPT_STEPS),
    MEMBER(has_vector, VTR_BOOL, 2),
    MEMBER(vector, VTR_NUMBER, 0),
    MEMBER(now, VTR_NUMBER, 0),
    MEMBER(has_new, VTR_BOOL, 2),
    MEMBER(changed, VTR_TEXT, 0),
    MEMBER(effects, VTR_TEXT, 0),
    MEMBER(symbol, VTR_TEXT, 0),
    MEMBER(source_line, VTR_TEXT, 0),
    MEMBER(code, VTR_CODE, 0),
    MEMBER(instruction, VTR_TEXT, 0),
    MEMBER(mode, VTR_ENUM, PROCESSOR_MODES),
    MEMBER(cr3, VTR_NUMBER, 0),
    MEMBER(target, VTR_TEXT, 0),
    MEMBER(bytes, VTR_BYTES, 0),
    MEMBER(folded, VTR_NUMBER, 0),
    MEMBER(process, VTR_TEXT, 0),
    MEMBER(cpu, VTR_NUMBER, 0),
    MEMBER(has_chs, VTR_BOOL, 2),
    MEMBER(cylinder, VTR_NUMBER, 0),
    MEMBER(head, VTR_NUMBER, 0),
    MEMBER(sector, VTR_NUMBER, 0),
    MEMBER(round, VTR_NUMBER, 0),
    MEMBER(with, VTR_TEXT, 0),
};
