#include "debugger/trace_fields.h"

#include <string.h>

#define AT(member)                                                                                 \
    offsetof(struct trace_record, member), sizeof(((struct trace_record *)0)->member), NULL
#define WORD(function) 0, 0, function

static const char *word_kind(const struct trace_record *record)
{
    return record->kind == TRACE_ACCESS ? NULL : TRACE_KIND_NAMES[record->kind];
}

static const char *word_mode(const struct trace_record *record)
{
    return TRACE_MODE_NAMES[record->mode];
}

static const char *word_direction(const struct trace_record *record)
{
    return record->kind == TRACE_ACCESS ? trace_direction(record)
           : record->kind == TRACE_DISK ? (record->is_write ? "write" : "read")
                                        : NULL;
}

static const char *word_space(const struct trace_record *record)
{
    return record->kind == TRACE_ACCESS ? trace_space(record) : NULL;
}

static const char *word_decision(const struct trace_record *record)
{
    return record->decision == DECISION_NONE ? NULL : DECISION_NAMES[record->decision];
}

static const char *word_step(const struct trace_record *record)
{
    return INTERRUPT_STEP_NAMES[record->step];
}

const struct trace_field TRACE_FIELDS[TRACE_FIELD_COUNT] = {
    {"seq",         "number of the record",                     FIELD_NUMBER,  WHEN_ALWAYS,  AT(seq)             },
    {"cause",       "seq of the guest's access that led to it", FIELD_NUMBER,  WHEN_ALWAYS,  AT(cause)           },
    {"ns",          "virtual time",                             FIELD_NUMBER,  WHEN_ALWAYS,  AT(ns)              },
    {"time",        "the same, in instructions",                FIELD_NUMBER,  WHEN_ALWAYS,  AT(time)            },
    {"kind",        "left out for accesses",                    FIELD_TEXT,    WHEN_SET,     WORD(word_kind)     },
    {"icount",      "instructions of that CPU before",          FIELD_NUMBER,  WHEN_CPU,     AT(instructions)    },
    {"cpu",         "its number",                               FIELD_NUMBER,  WHEN_SET,     AT(cpu)             },
    {"machine",     "whose",                                    FIELD_TEXT,    WHEN_SET,     AT(machine)         },
    {"cs",          "of the instruction",                       FIELD_ADDRESS, WHEN_CPU,     AT(cs)              },
    {"eip",         "of the instruction",                       FIELD_ADDRESS, WHEN_CPU,     AT(eip)             },
    {"cpl",         "privilege level",                          FIELD_NUMBER,  WHEN_CPU,     AT(cpl)             },
    {"linear",      "address of the instruction",               FIELD_ADDRESS, WHEN_SET,     AT(linear)          },
    {"cr3",         "page directory",                           FIELD_ADDRESS, WHEN_SET,     AT(cr3)             },
    {"mode",        "of the processor",                         FIELD_TEXT,    WHEN_SET,     WORD(word_mode)     },
    {"process",     "the guest's",                              FIELD_TEXT,    WHEN_SET,     AT(process)         },
    {"symbol",      "name of the place",                        FIELD_TEXT,    WHEN_SET,     AT(symbol)          },
    {"line",        "of the source",                            FIELD_TEXT,    WHEN_SET,     AT(source_line)     },
    {"code",        "bytes of the instruction",                 FIELD_BYTES,   WHEN_SET,     AT(code)            },
    {"instruction", "disassembled",                             FIELD_TEXT,    WHEN_SET,     AT(instruction)     },
    {"dir",         "in, out, read, write",                     FIELD_TEXT,    WHEN_SET,     WORD(word_direction)},
    {"space",       "port, mmio, dma, call",                    FIELD_TEXT,    WHEN_SET,     WORD(word_space)    },
    {"addr",        "port or address; disks: LBA",              FIELD_ADDRESS, WHEN_ADDRESS, AT(address)         },
    {"size",        "bytes of an element",                      FIELD_NUMBER,  WHEN_ACCESS,  AT(size)            },
    {"count",       "elements, bytes, sectors",                 FIELD_NUMBER,  WHEN_MANY,    AT(count)           },
    {"value",       "of the first element",                     FIELD_ADDRESS, WHEN_ACCESS,  AT(value)           },
    {"device",      "who answers",                              FIELD_TEXT,    WHEN_SET,     AT(device)          },
    {"reg",         "its register",                             FIELD_TEXT,    WHEN_SET,     AT(reg)             },
    {"old",         "the register before",                      FIELD_ADDRESS, WHEN_OLD,     AT(old)             },
    {"new",         "the register after",                       FIELD_ADDRESS, WHEN_NEW,     AT(now)             },
    {"changed",     "fields that changed",                      FIELD_TEXT,    WHEN_SET,     AT(changed)         },
    {"meaning",     "in words",                                 FIELD_TEXT,    WHEN_SET,     AT(meaning)         },
    {"decision",    "the hypervisor's",                         FIELD_TEXT,    WHEN_SET,     WORD(word_decision) },
    {"note",        "the hypervisor's",                         FIELD_TEXT,    WHEN_SET,     AT(note)            },
    {"effects",     "what it did",                              FIELD_TEXT,    WHEN_SET,     AT(effects)         },
    {"folded",      "accesses of its loop that are left out",   FIELD_NUMBER,  WHEN_SET,     AT(folded)          },
    {"round",       "accesses of a round of that loop",         FIELD_NUMBER,  WHEN_SET,     AT(round)           },
    {"with",        "the others of a round",                    FIELD_TEXT,    WHEN_SET,     AT(with)            },
    {"source",      "wire, device, port, machine",              FIELD_TEXT,    WHEN_SET,     AT(source)          },
    {"target",      "to whom",                                  FIELD_TEXT,    WHEN_SET,     AT(target)          },
    {"irq",         "input of the controller",                  FIELD_NUMBER,  WHEN_LINE,    AT(line)            },
    {"level",       "of the wire",                              FIELD_NUMBER,  WHEN_WIRE,    AT(level)           },
    {"step",        "of an interrupt's life",                   FIELD_TEXT,    WHEN_SET,     WORD(word_step)     },
    {"vector",      "of the interrupt",                         FIELD_ADDRESS, WHEN_VECTOR,  AT(vector)          },
    {"cylinder",    "of the first sector",                      FIELD_NUMBER,  WHEN_CHS,     AT(cylinder)        },
    {"head",        "of the first sector",                      FIELD_NUMBER,  WHEN_CHS,     AT(head)            },
    {"sector",      "the first",                                FIELD_NUMBER,  WHEN_CHS,     AT(sector)          },
    {"length",      "of the bytes",                             FIELD_NUMBER,  WHEN_SET,     AT(byte_count)      },
    {"bytes",       "frame or text",                            FIELD_BYTES,   WHEN_SET,     AT(bytes)           },
};

/* Accesses have what stands before `source`; the other kinds, of that, these. */
static const char *const OF_EVENTS[] = {"seq",     "cause", "ns",   "time",  "kind",
                                        "machine", "dir",   "addr", "count", "meaning"};

bool trace_field_belongs(const struct trace_field *field, enum trace_kind kind)
{
    bool is_behind =
        field->offset >= offsetof(struct trace_record, source) || field->word == word_step;
    if (kind == TRACE_ACCESS)
        return !is_behind;
    for (size_t i = 0; i < sizeof OF_EVENTS / sizeof OF_EVENTS[0]; i++)
        if (strcmp(field->name, OF_EVENTS[i]) == 0)
            return true;
    return is_behind;
}

static bool has(const struct trace_field *field, const struct trace_record *record)
{
    bool has_range = record->kind == TRACE_EFFECT || record->kind == TRACE_DISK;
    switch (field->when) {
    case WHEN_ALWAYS:
    case WHEN_SET: return true;
    case WHEN_CPU: return record->has_cpu;
    case WHEN_ACCESS: return record->kind == TRACE_ACCESS;
    case WHEN_ADDRESS: return record->kind == TRACE_ACCESS || has_range;
    case WHEN_MANY: return has_range || (record->kind == TRACE_ACCESS && record->count != 1);
    case WHEN_OLD: return record->has_old;
    case WHEN_NEW: return record->has_new;
    case WHEN_WIRE: return record->kind == TRACE_WIRE;
    case WHEN_LINE: return record->kind == TRACE_WIRE || record->kind == TRACE_INTERRUPT;
    case WHEN_VECTOR: return record->has_vector;
    case WHEN_CHS: return record->has_chs;
    }
    return false;
}

static uint64_t number_at(const unsigned char *at, size_t width)
{
    switch (width) {
    case 1: return *at;
    case 2: return *(const uint16_t *)(const void *)at;
    case 4: return *(const uint32_t *)(const void *)at;
    default: return *(const uint64_t *)(const void *)at;
    }
}

static bool get_bytes(const struct trace_field *field, const struct trace_record *record,
                      struct trace_value *value)
{
    bool is_code = field->offset == offsetof(struct trace_record, code);
    value->bytes = is_code ? record->code : record->bytes;
    value->byte_count = is_code ? record->code_bytes : record->byte_count;
    return value->byte_count != 0;
}

bool trace_field_get(const struct trace_field *field, const struct trace_record *record,
                     struct trace_value *value)
{
    const unsigned char *at = (const unsigned char *)record + field->offset;
    if (!has(field, record))
        return false;
    if (field->type == FIELD_BYTES)
        return get_bytes(field, record, value);
    if (field->type == FIELD_TEXT) {
        value->text = field->word ? field->word(record) : *(const char *const *)(const void *)at;
        return value->text && value->text[0];
    }
    value->number = number_at(at, field->width);
    return field->when != WHEN_SET || value->number != 0;
}
