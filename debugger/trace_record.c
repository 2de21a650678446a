#include "debugger/trace_record.h"

const char *const TRACE_KIND_NAMES[TRACE_KINDS] = {"access", "wire",  "interrupt", "effect",
                                                   "disk",   "frame", "text",      "schedule"};
const char *const TRACE_MODE_NAMES[TRACE_MODES] = {
    "", "real", "v86", "protected16", "protected32", "smm", "long"};

const char *trace_direction(const struct trace_record *record)
{
    if (record->space == ACCESS_PORT)
        return record->is_write ? "out" : "in";
    return record->is_write ? "write" : "read";
}

const char *trace_space(const struct trace_record *record)
{
    static const char *const SPACES[] = {"port", "mmio", "dma"};
    return SPACES[record->space];
}
