; firmware.asm: a small BIOS, made to be read and stepped through. 64 KiB at F000:0000.
;
; Specification: IBM PC/AT Technical Reference (6280070, 1985), section 5 (BIOS services, entry points, data
; area); BIOS Boot Specification 1.01 (1996); ACPI 6.5 §15.1 (INT 15h E820h); Enhanced Disk Drive
; Specification 3.0 (INT 13h 41h-48h); PCI BIOS Specification 2.1; "El Torito" Bootable CD-ROM Format
; Specification (1995, CD-ROMs). Each file names the data sheets of what it drives.
; MISSING: graphics modes, drives above 128 GiB, discs that emulate a diskette or a disk. Calls for these fail the
; way the specifications say.
;
; Reading order: post.asm (from the reset vector to the boot sector), common.inc (data area, frame), then a
; file a service.
;
;   F000:0000  code and tables, the font
;   F000:E05B  where programs that reset by hand have always jumped
;   F000:FFF0  reset vector           FFF5 date     FFFE model FCh (AT)     FFFF makes the sum of all bytes 0

%ifndef CHECKSUM
%define CHECKSUM 0                              ; the build assembles twice: first to learn the sum
%endif

bits 16
org 0

%include "firmware/common.inc"

%include "firmware/post.asm"
%include "firmware/print.asm"
%include "firmware/cmos.asm"
%include "firmware/memory.asm"
%include "firmware/pci.asm"
%include "firmware/interrupts.asm"
%include "firmware/apic.asm"
%include "firmware/acpi.asm"
%include "firmware/dsdt.asm"
%include "firmware/mp.asm"
%include "firmware/timer.asm"
%include "firmware/keyboard.asm"
%include "firmware/video.asm"
%include "firmware/ata.asm"
%include "firmware/floppy.asm"
%include "firmware/disk.asm"
%include "firmware/cdrom.asm"
%include "firmware/system.asm"
%include "firmware/ports.asm"
%include "firmware/boot.asm"

    align 16
font_8x16:
%include "font/font.inc"

    times 0xE05B - ($ - $$) db 0xFF
    jmp post

    times 0xFFF0 - ($ - $$) db 0xFF
reset_vector:                                   ; SDM vol. 3, §9.1.4: the first instruction is fetched here
    jmp FIRMWARE_SEGMENT:post
    db "11/22/26"
    db 0xFF
    db 0xFC
    db CHECKSUM
