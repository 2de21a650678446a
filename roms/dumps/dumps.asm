; dumps.asm: a guest without interrupts that dumps registers, flags and memory at points of its own, for
; the comparison of emulators (tests/guest/cpu-dumps.sh). README.md says how to add a case.
;
; A disk image: the boot sector loads the rest to 10000h by INT 13h extensions. What it says goes to port
; E9h; each line begins with '@'. It ends by port F4h (isa-debug-exit), 8900h (Bochs), or halts.

%include "layout.inc"

section .boot start=0 vstart=0x7C00
section .text start=512 vstart=IMAGE
section .data follows=.text vfollows=.text align=16 valign=16
section .cases follows=.data vfollows=.data align=4 valign=4
section .resume follows=.cases vfollows=.cases align=4 valign=4
; One cylinder of 16 heads and 63 sectors, so that each BIOS sees that geometry.
section .end start=DISK_BYTES-4 vstart=0
    dd 0x444E4523                               ; "#END"
section .text

section .cases
cases_begin:
section .resume
resume_begin:
%include "words.inc"
%include "boot.inc"
; 16-bit code lies in the first 64 KiB of the image
%include "v86.inc"
%include "real.inc"
%include "run.inc"
%include "print.inc"
%include "tables.inc"
%include "gates.inc"
%include "tasks.inc"
%include "segments.inc"
%include "system.inc"
%include "pages.inc"
%include "debug.inc"
%include "strings.inc"
%include "integer.inc"
%include "floats.inc"

section .cases
    dd 0
section .resume
    dd 0
