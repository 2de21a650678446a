/* A trace as text: one line a record, to be read.
 *
 *   743.714350 beta 0008:00100335 out 1f7 <- 20 ide0 COMMAND: drive 0: READ SECTORS 1 at C/H/S 0/0/1 [map: ...] #87252
 *   │          │    │             │   │      │  device, register and meaning     the VMM's decision    │
 *   ms         │    CS:EIP        │   port   value                                   number, and < cause
 *              machine            direction (and size, count where they are not one byte) */
#include "debugger/trace_text.h"

#include "debugger/trace_formats.h"
#include "debugger/trace_output.h"
#include "debugger/trace_put.h"

#define NS_PER_MS UINT64_C(1000000)

/* At most PUT_TEXT_MAX bytes, control characters as dots. */
static char *put_words(char *to, const char *text)
{
    for (size_t i = 0; text && text[i] && i < PUT_TEXT_MAX; i++)
        *to++ = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? '.' : text[i];
    return to;
}

static char *put_word(char *to, const char *text)
{
    if (!text || !text[0])
        return to;
    *to++ = ' ';
    return put_words(to, text);
}

static char *put_digits(char *to, uint64_t value, unsigned digits)
{
    for (unsigned i = digits; i--; value /= 10)
        to[i] = (char)('0' + value % 10);
    return to + digits;
}

static char *put_wide_hex(char *to, uint64_t value, unsigned digits)
{
    while (digits > 1 && digits < 16 && value >> (4 * digits))
        digits++;
    while (digits--)
        *to++ = "0123456789abcdef"[value >> (4 * digits) & 15];
    return to;
}

/* "1,204" */
static char *put_thousands(char *to, uint64_t value)
{
    uint64_t scale = 1;
    while (value / scale >= 1000)
        scale *= 1000;
    to = put_decimal(to, value / scale);
    for (scale /= 1000; scale; scale /= 1000) {
        *to++ = ',';
        to = put_digits(to, value / scale % 1000, 3);
    }
    return to;
}

static char *put_place(char *to, const struct trace_record *record)
{
    to = put_digits(put_text(put_decimal(to, record->ns / NS_PER_MS), "."), record->ns % NS_PER_MS,
                    6);
    to = put_word(to, record->machine);
    if (!record->has_cpu)
        return to;
    to = put_word(to, record->process);
    *to++ = ' ';
    to = put_wide_hex(put_text(put_wide_hex(to, record->cs, 4), ":"), record->eip, 8);
    to = put_word(to, record->symbol);
    return put_word(to, record->source_line);
}

static char *put_access(char *to, const struct trace_record *record)
{
    static const char *const SIZES[] = {"", "", ".w", "", ".d", "", "", "", ".q"};
    to = put_word(to, trace_direction(record));
    if (record->space != ACCESS_PORT)
        to = put_word(to, trace_space(record));
    to = put_text(to, record->size < sizeof SIZES / sizeof SIZES[0] ? SIZES[record->size] : "");
    *to++ = ' ';
    to = put_hex(to, record->address);
    if (record->count != 1)
        to = put_decimal(put_text(to, " x"), record->count);
    to = put_hex(put_text(to, record->is_write ? " <- " : " = "), record->value);
    to = put_word(to, record->device);
    return put_word(to, record->reg);
}

static char *put_disk(char *to, const struct trace_record *record)
{
    to = put_text(put_word(to, record->source), record->is_write ? " writes " : " reads ");
    to = put_decimal(put_text(put_decimal(to, record->count), " sectors at LBA "), record->address);
    if (!record->has_chs)
        return to;
    to = put_text(put_decimal(put_text(to, " = C/H/S "), record->cylinder), "/");
    return put_decimal(put_text(put_decimal(to, record->head), "/"), record->sector);
}

static char *put_interrupt(char *to, const struct trace_record *record)
{
    to = put_decimal(put_text(put_word(to, record->source), " irq "), record->line);
    to = put_word(to, INTERRUPT_STEP_NAMES[record->step]);
    return record->has_vector ? put_hex(put_text(to, " vector "), record->vector) : to;
}

/* The first bytes: all of a short text, the addresses and type of a frame. */
static char *put_bytes(char *to, const struct trace_record *record)
{
    to = put_text(put_decimal(put_text(to, ", "), record->byte_count), " bytes:");
    for (size_t i = 0; i < record->byte_count && i < 14; i++)
        to = put_wide_hex(put_text(to, " "), record->bytes[i], 2);
    return to;
}

static char *put_said(char *to, const struct trace_record *record)
{
    to = put_text(to, " says \"");
    for (size_t i = 0; i < record->byte_count && i < PUT_TEXT_MAX; i++)
        *to++ = record->bytes[i] < 0x20 || record->bytes[i] > 0x7E ? '.' : (char)record->bytes[i];
    return put_text(to, "\"");
}

static char *put_happening(char *to, const struct trace_record *record)
{
    switch (record->kind) {
    case TRACE_ACCESS: return put_access(to, record);
    case TRACE_INTERRUPT: return put_interrupt(to, record);
    case TRACE_WIRE:
        to = put_decimal(put_text(put_word(to, record->source), " line "), record->line);
        return put_text(to, record->level ? " up" : " down");
    case TRACE_DISK: return put_disk(to, record);
    case TRACE_FRAME:
        to = put_word(put_text(put_word(to, record->source), " ->"), record->target);
        return put_bytes(to, record);
    case TRACE_TEXT: return put_said(to, record);
    case TRACE_SCHEDULE: return put_word(put_text(to, " runs, after"), record->source);
    case TRACE_EFFECT:
    case TRACE_KINDS: break;
    }
    return put_word(to, record->source);
}

static char *put_remark(char *to, const char *name, const char *text)
{
    if (!text || !text[0])
        return to;
    to = put_text(put_text(put_text(to, " ["), name), ": ");
    return put_text(put_words(to, text), "]");
}

size_t trace_text_line(char *text, const struct trace_record *record)
{
    char *to = put_happening(put_place(text, record), record);
    if (record->target && record->kind == TRACE_DISK)
        to = put_word(put_text(to, " for"), record->target);
    if (record->meaning && record->meaning[0])
        to = put_word(put_text(to, ":"), record->meaning);
    to = put_remark(to, "changes", record->changed);
    if (record->decision != DECISION_NONE)
        to = put_remark(to, DECISION_NAMES[record->decision],
                        record->note && record->note[0] ? record->note : "as it is");
    to = put_remark(to, "effects", record->effects);
    to = put_remark(to, "instruction", record->instruction);
    to = put_remark(to, "with", record->with);
    if (record->folded)
        to = put_thousands(put_text(to, " ×"),
                           (record->folded + 1) / (record->round ? record->round : 1));
    to = put_decimal(put_text(to, " #"), record->seq);
    if (record->cause)
        to = put_decimal(put_text(to, " < "), record->cause);
    *to++ = '\n';
    return (size_t)(to - text);
}

/* --- the sink -------------------------------------------------------------------------------------- */

static enum status write_head(void *self, const struct trace_head *head, struct error *error)
{
    (void)head;
    trace_output_print(self, "# ms, machine, CS:EIP, what happened, #number < cause\n");
    return trace_output_status(self, error);
}

static enum status write_record(void *self, const struct trace_record *record, struct error *error)
{
    struct trace_output *output = self;
    char *room = trace_output_room(output, TRACE_TEXT_BYTES);
    trace_output_take(output, room + trace_text_line(room, record));
    return trace_output_status(output, error);
}

enum status trace_text_open(struct trace_sink *sink, const char *path, struct error *error)
{
    *sink = (struct trace_sink){.begin = write_head, .record = write_record};
    return trace_output_sink(sink, path, '#', error);
}
