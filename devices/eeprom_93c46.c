/* 93C46, 64 words of 16 bits.
 *
 * Specification: Microchip 93LC46B data sheet, DS20001749 (2013), sections 2.1-2.10 and table 1-2.
 * Missing: nothing known; an instruction that is cut short does nothing, as section 2.1 has it.
 * Clock: none; programming takes 2 ms (TWC, typical).
 *
 *   CS  __/‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾\_      bits count when SK rises
 *   DI  ___1__1__0_A5 ... A0_____________________      start, READ, address
 *   DO  ‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾\__0_D15 ... D0_D15 ...    then the next word, as long as CS is high
 *
 *   opcode 10 READ   01 WRITE   11 ERASE   00 by A5-A4: 11 EWEN, 00 EWDS, 10 ERAL, 01 WRAL
 *   WRITE, WRAL, ERASE and ERAL begin as CS falls behind their last bit; when it rises again DO is low
 *   until they are over, and goes away with the next start bit. */
#include "devices/eeprom_93c46.h"

#include "base/bits.h"

#define ADDRESS_MASK (EEPROM_WORDS - 1)
#define COMMAND_BITS 8u
#define WORD_BITS    16u
#define PROGRAM_NS   UINT64_C(2000000)

enum eeprom_phase { WAITS_FOR_START, TAKES_COMMAND, TAKES_DATA, GIVES_DATA, PROGRAMS, IS_DONE };
enum { OP_EXTENDED, OP_WRITE, OP_READ, OP_ERASE };
enum { EX_DISABLE, EX_WRITE_ALL, EX_ERASE_ALL, EX_ENABLE };

const struct state_field EEPROM_93C46_STATE[] = {
    STATE_ARRAY(struct eeprom_93c46, words),    STATE_ONE(struct eeprom_93c46, cs),
    STATE_ONE(struct eeprom_93c46, sk),         STATE_ONE(struct eeprom_93c46, data_out),
    STATE_ONE(struct eeprom_93c46, is_enabled), STATE_ONE(struct eeprom_93c46, shows_ready),
    STATE_ONE(struct eeprom_93c46, phase),      STATE_ONE(struct eeprom_93c46, count),
    STATE_ONE(struct eeprom_93c46, command),    STATE_ONE(struct eeprom_93c46, data),
    STATE_ONE(struct eeprom_93c46, ready_ns),   STATE_TABLE_END};

static unsigned opcode(const struct eeprom_93c46 *e)
{
    return e->command >> 6;
}

static unsigned extended(const struct eeprom_93c46 *e)
{
    return e->command >> 4 & 3;
}

static bool is_all(const struct eeprom_93c46 *e)
{
    return opcode(e) == OP_EXTENDED;
}

static void enter(struct eeprom_93c46 *e, enum eeprom_phase phase)
{
    e->phase = (uint8_t)phase;
    e->count = 0;
}

/* The address has come whole. */
static void obey(struct eeprom_93c46 *e)
{
    switch (opcode(e)) {
    case OP_READ:
        e->data = e->words[e->command & ADDRESS_MASK];
        e->data_out = false; /* the dummy bit (2.7) */
        enter(e, GIVES_DATA);
        return;
    case OP_WRITE: enter(e, TAKES_DATA); return;
    case OP_ERASE:
        e->data = 0xFFFF;
        enter(e, PROGRAMS);
        return;
    default: break;
    }
    switch (extended(e)) {
    case EX_WRITE_ALL: enter(e, TAKES_DATA); return;
    case EX_ERASE_ALL:
        e->data = 0xFFFF;
        enter(e, PROGRAMS);
        return;
    default:
        e->is_enabled = extended(e) == EX_ENABLE;
        enter(e, IS_DONE);
        return;
    }
}

/* One bit out; behind the last of a word comes the next word's first (2.7, sequential read). */
static void give_bit(struct eeprom_93c46 *e)
{
    e->data_out = e->data >> (WORD_BITS - 1 - e->count % WORD_BITS) & 1;
    if (++e->count < WORD_BITS)
        return;
    e->command = (uint8_t)((e->command & ~ADDRESS_MASK) | ((e->command + 1u) & ADDRESS_MASK));
    e->data = e->words[e->command & ADDRESS_MASK];
    e->count = 0;
}

static void clock_rises(struct eeprom_93c46 *e, bool di)
{
    switch ((enum eeprom_phase)e->phase) {
    case WAITS_FOR_START:
        if (!di)
            return;
        e->shows_ready = false;
        e->command = 0;
        enter(e, TAKES_COMMAND);
        return;
    case TAKES_COMMAND:
        e->command = (uint8_t)(e->command << 1 | di);
        if (++e->count == COMMAND_BITS)
            obey(e);
        return;
    case TAKES_DATA:
        e->data = (uint16_t)(e->data << 1 | di);
        if (++e->count == WORD_BITS)
            enter(e, PROGRAMS);
        return;
    case GIVES_DATA: give_bit(e); return;
    case PROGRAMS:
    case IS_DONE: return;
    }
}

/* CS falls: the standby mode, and what was asked for whole begins. */
static void deselect(struct eeprom_93c46 *e, uint64_t now_ns)
{
    bool programs = e->phase == PROGRAMS && e->is_enabled;
    enter(e, WAITS_FOR_START);
    e->data_out = true;
    e->shows_ready = programs;
    if (!programs)
        return;
    e->ready_ns = now_ns + PROGRAM_NS;
    for (unsigned i = 0; i < EEPROM_WORDS; i++)
        if (is_all(e) || i == (e->command & ADDRESS_MASK))
            e->words[i] = e->data;
}

void eeprom_93c46_pins(struct eeprom_93c46 *e, bool cs, bool sk, bool di, uint64_t now_ns)
{
    bool rises = cs && sk && !e->sk;
    if (e->cs && !cs)
        deselect(e, now_ns);
    e->cs = cs;
    e->sk = sk;
    if (rises && now_ns >= e->ready_ns)
        clock_rises(e, di);
}

bool eeprom_93c46_out(const struct eeprom_93c46 *e, uint64_t now_ns)
{
    if (e->phase == GIVES_DATA)
        return e->data_out;
    return !(e->cs && e->shows_ready) || now_ns >= e->ready_ns;
}

const char *eeprom_93c46_words(const struct eeprom_93c46 *e)
{
    static const char *const PHASES[] = {"waits for a start bit",
                                         "takes opcode and address",
                                         "takes data",
                                         "gives data",
                                         "programs as CS falls",
                                         "has obeyed"};
    return e->cs ? PHASES[e->phase % ARRAY_COUNT(PHASES)] : "is not selected";
}
