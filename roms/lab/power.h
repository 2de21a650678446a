/* power.h: switching the machine off. */
#ifndef LAB_POWER_H
#define LAB_POWER_H

/* Never returns. */
void power_off(void) __attribute__((noreturn));

#endif
