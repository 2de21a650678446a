; dsdt.asm: the DSDT, in AML byte by byte: where PCI's windows and interrupts are, and how to switch off.
; ACPI 6.5, §20.2 (AML: opcodes, PkgLength), §6.4.2 and §6.4.3 (resource descriptors), §6.2.13 (_PRT), §7.4.2 (_S5).
;
;   Scope (\_SB) {
;       Device (LNKA) ... (LNKD)      PNP0C0F: one interrupt each, which nobody can change
;       Device (PCI0) {               PNP0A03
;           Name (_CRS, ...)          bus 0, the ports and the memory that PCI has
;           Name (_PRT, ...)          pin P of slot S: LNKx, x = (S - 1 + P) mod 4
;       }
;   }
;   Name (\_S5, Package { 0, 0, 0, 0 })

; A construct that has a length: its opcode, the length (two bytes, from themselves on), what follows, aml_end.
%macro aml_begin 1+
    %push aml
    db %1
%$from:
    db 0x40 | (%$to - %$from & 0x0F), (%$to - %$from) >> 4
%endmacro

%macro aml_end 0
%$to:
    %pop
%endmacro

%define AML_NAME    0x08
%define AML_BYTE    0x0A
%define AML_DWORD   0x0C
%define AML_SCOPE   0x10
%define AML_BUFFER  0x11
%define AML_PACKAGE 0x12
%define AML_METHOD  0x14
%define AML_DEVICE  0x5B, 0x82
%define EISA_PNP    0x41, 0xD0                  ; "PNP", packed in five bits a letter

; Name (%1, ResourceTemplate () { ... }), until resources_end.
%macro resources_begin 1
    db AML_NAME, %1
    aml_begin AML_BUFFER
    db AML_BYTE, %%end - %%data
    %define resources_last %%end
%%data:
%endmacro

%macro resources_end 0
    db 0x79, 0                                  ; end tag, no sum
resources_last:
    aml_end
%endmacro

%macro interrupt_resource 1                     ; extended: consumer, level, active high, shared
    db 0x89
    dw 6
    db 0x09, 1
    dd %1
%endmacro

; Name, number, IRQ. _SRS is obeyed by doing nothing: there is one choice.
%macro link_device 3
    aml_begin AML_DEVICE
    db %1
    db AML_NAME, "_HID", AML_DWORD, EISA_PNP, 0x0C, 0x0F
    db AML_NAME, "_UID", AML_BYTE, %2
    resources_begin "_PRS"
    interrupt_resource %3
    resources_end
    resources_begin "_CRS"
    interrupt_resource %3
    resources_end
    aml_begin AML_METHOD
    db "_SRS", 1
    aml_end
    aml_end
%endmacro

; Kind (0 memory, 1 ports), first, last.
%macro window_dword 3
    db 0x87
    dw 23
    db %1, 0x0C, 0x03                           ; both ends are fixed; cacheable, writable
    dd 0, %2, %3, 0, (%3) - (%2) + 1
%endmacro
%macro window_word 4                            ; kind (1 ports, 2 bus numbers), its flags, first, last
    db 0x88
    dw 13
    db %1, 0x0C, %2
    dw 0, %3, %4, 0, (%4) - (%3) + 1
%endmacro

    align 4
dsdt:
    acpi_header "DSDT", .end - dsdt, 1
    db AML_NAME, "\_S5_"
    aml_begin AML_PACKAGE
    db 4, 0, 0, 0, 0                            ; sleep type 0 of PMCNTRL is soft off (PIIX4 §7.2.3)
    aml_end
    aml_begin AML_SCOPE
    db "\_SB_"

    link_device "LNKA", 0, PIRQ_AB_IRQ
    link_device "LNKB", 1, PIRQ_AB_IRQ
    link_device "LNKC", 2, PIRQ_CD_IRQ
    link_device "LNKD", 3, PIRQ_CD_IRQ

    aml_begin AML_DEVICE
    db "PCI0"
    db AML_NAME, "_HID", AML_DWORD, EISA_PNP, 0x0A, 0x03
    resources_begin "_CRS"
    window_word 2, 0, 0, 0                      ; one bus
    db 0x47, 1                                  ; the ports of mechanism #1 are the bridge's own
    dw PCI_ADDRESS, PCI_ADDRESS
    db 1, 8
    window_word 1, 3, 0, PCI_ADDRESS - 1
    window_word 1, 3, PCI_DATA + 4, 0xFFFF
    window_dword 0, 0xA0000, 0xBFFFF
    window_dword 0, PCI_MEMORY_FIRST, PCI_MEMORY_LAST
    resources_end

    db AML_NAME, "_PRT"
    aml_begin AML_PACKAGE
    db 31 * 4
%assign slot 1
%rep 31
%assign pin 0
%rep 4
    aml_begin AML_PACKAGE
    db 4
    db AML_DWORD
    dd slot << 16 | 0xFFFF                      ; any function of it
    db AML_BYTE, pin
    db "LNK", 'A' + (slot - 1 + pin) % 4
    db 0
    aml_end
%assign pin pin + 1
%endrep
%assign slot slot + 1
%endrep
    aml_end
    aml_end
    aml_end
.end:
