/* pic.h: the two 8259A interrupt controllers of a PC/AT. Lines are 0-15. */
#ifndef LAB_PIC_H
#define LAB_PIC_H

#include <stdbool.h>

/* Makes line n raise vector first_vector + n; all lines masked. */
void pic_init(unsigned first_vector);
void pic_mask(unsigned line);
void pic_unmask(unsigned line);
void pic_end_of_interrupt(unsigned line);

/* True when the controller raised its line 7 or 15 for a request that had gone away. */
bool pic_is_spurious(unsigned line);

#endif
