/* The local APIC between its files: core (priorities, delivery), timer, registers. */
#ifndef VITRINE_DEVICES_LOCAL_APIC_INTERNAL_H
#define VITRINE_DEVICES_LOCAL_APIC_INTERNAL_H

#include "devices/local_apic.h"
#include "devices/types.h"

#define APIC_WORDS 8u /* 256 vectors in words of 32 */

/* In the order of the registers 320h, 340h-370h. */
enum { LVT_TIMER, LVT_PERFORMANCE, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_COUNT };
enum {
    LVT_VECTOR = 0xFF,
    LVT_DELIVERY_SHIFT = 8,
    LVT_ACTIVE_LOW = 1 << 13,
    LVT_REMOTE_IRR = 1 << 14,
    LVT_LEVEL = 1 << 15,
    LVT_MASKED = 1 << 16,
    LVT_PERIODIC = 1 << 17
};
enum { SVR_ENABLED = 1 << 8, SVR_RESET = 0xFF };
/* SDM 3A figure 10-9. */
enum {
    ESR_SEND_ACCEPT = 1 << 2,
    ESR_SEND_ILLEGAL = 1 << 5,
    ESR_RECEIVED_ILLEGAL = 1 << 6,
    ESR_ILLEGAL_REGISTER = 1 << 7
};
#define BASE_BSP (UINT64_C(1) << 8)
#define BASE_ENABLED (UINT64_C(1) << 11)
#define BASE_ADDRESS UINT64_C(0xFFFFFF000)

struct local_apic {
    struct device device;
    uint64_t base; /* IA32_APIC_BASE */
    uint32_t id, tpr, ldr, dfr, svr;
    uint32_t icr_low, icr_high;
    uint32_t lvt[LVT_COUNT];
    uint32_t esr;        /* as it reads */
    uint32_t esr_errors; /* since the last write to it */
    uint32_t irr[APIC_WORDS], isr[APIC_WORDS], tmr[APIC_WORDS];
    bool pins[2];     /* LINT0, LINT1 */
    bool has_ext_int; /* by a message */
    uint32_t initial, divide;
    uint64_t started; /* the bus clock's tick at which the timer was loaded */
    uint64_t periods; /* of the running timer that have ended with an interrupt */
    struct event timer;
    struct irq_line intr, nmi, smi;
    struct region *window;
    uint64_t bus_hz;
    uint32_t initial_id;
};

/* --- core ------------------------------------------------------------------------------------- */
void local_apic_update(struct local_apic *apic);
void local_apic_error(struct local_apic *apic, uint32_t bit);
/* A vector arrives; false when the APIC is off. */
bool local_apic_accept(struct local_apic *apic, unsigned vector, bool is_level);
void local_apic_raise_lvt(struct local_apic *apic, unsigned which);
void local_apic_lvt_written(struct local_apic *apic, unsigned which);
void local_apic_end(struct local_apic *apic);
void local_apic_command(struct local_apic *apic);
uint8_t local_apic_ppr(const struct local_apic *apic);
uint8_t local_apic_apr(const struct local_apic *apic);
int local_apic_highest(const uint32_t *words); /* the highest vector that is set, or -1 */

/* --- timer --------------------------------------------------------------------------------------- */
uint32_t local_apic_count(const struct local_apic *apic);
void local_apic_timer_load(struct local_apic *apic, uint32_t initial);
void local_apic_timer_divide(struct local_apic *apic, uint32_t divide);
void local_apic_timer_schedule(struct local_apic *apic);
void local_apic_timer_fired(void *self);
unsigned local_apic_divisor(uint32_t divide);

/* --- registers ----------------------------------------------------------------------------------- */
extern const struct reg_bank LOCAL_APIC_BANK;
extern const struct region_ops LOCAL_APIC_OPS;
void local_apic_describe(const struct device *device, const struct access *access, char *text,
                         size_t size);

#endif
