/* io.h: the instructions with which a program reaches a device.
 *
 * Two ways lead there on a PC. Port I/O has an address space of its own, 64 Ki ports, and four
 * instructions (IN, OUT, INS, OUTS; Intel SDM vol. 1, chapter 19). Memory-mapped I/O uses ordinary
 * MOVs to addresses at which no RAM answers but a device. Both are counted here, so that each lab can
 * print what a transfer has cost. */
#ifndef LAB_IO_H
#define LAB_IO_H

#include <stdint.h>

struct io_counts {
    uint32_t port_reads;   /* a REP INSW counts each of its elements */
    uint32_t port_writes;
    uint32_t memory_writes;
    uint32_t interrupts;
    uint32_t interrupt_controller; /* of the ports' accesses: those of the 8259 */
};

extern struct io_counts io_counts;

static inline uint8_t io_in8(uint16_t port)
{
    uint8_t value;
    io_counts.port_reads++;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint16_t io_in16(uint16_t port)
{
    uint16_t value;
    io_counts.port_reads++;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t io_in32(uint16_t port)
{
    uint32_t value;
    io_counts.port_reads++;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void io_out8(uint16_t port, uint8_t value)
{
    io_counts.port_writes++;
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void io_out16(uint16_t port, uint16_t value)
{
    io_counts.port_writes++;
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void io_out32(uint16_t port, uint32_t value)
{
    io_counts.port_writes++;
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

/* REP INSW: `words` 16-bit words from one port into memory with a single instruction. */
static inline void io_in16_block(uint16_t port, void *to, uint32_t words)
{
    io_counts.port_reads += words;
    __asm__ volatile("rep insw" : "+D"(to), "+c"(words) : "d"(port) : "memory");
}

/* REP INSL: 32 bits at a time, where the device and its bus are that wide. */
static inline void io_in32_block(uint16_t port, void *to, uint32_t double_words)
{
    io_counts.port_reads += double_words;
    __asm__ volatile("rep insl" : "+D"(to), "+c"(double_words) : "d"(port) : "memory");
}

/* REP OUTSW: the other way round. */
static inline void io_out16_block(uint16_t port, const void *from, uint32_t words)
{
    io_counts.port_writes += words;
    __asm__ volatile("rep outsw" : "+S"(from), "+c"(words) : "d"(port) : "memory");
}

/* A store to a device's memory: volatile, so that the compiler neither drops nor merges it. */
static inline void io_store16(volatile uint16_t *address, uint16_t value)
{
    io_counts.memory_writes++;
    *address = value;
}

static inline void cpu_disable_interrupts(void)
{
    __asm__ volatile("cli" : : : "memory");
}

static inline void cpu_enable_interrupts(void)
{
    __asm__ volatile("sti" : : : "memory");
}

/* STI delays its effect by one instruction (Intel SDM vol. 2, STI), so that no interrupt can slip in
 * between the two and be missed by the HLT. */
static inline void cpu_enable_and_halt(void)
{
    __asm__ volatile("sti; hlt" : : : "memory");
}

static inline void cpu_halt_for_ever(void)
{
    for (;;)
        __asm__ volatile("cli; hlt" : : : "memory");
}

#endif
