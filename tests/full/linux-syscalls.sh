# System calls of an unmodified Linux program, served below its kernel: by INT 80h into a page that was never touched, and
# by the vDSO's SYSENTER, in a child, into a page that it shares with its parent until one of them writes. The kernel brings
# the one in and copies the other; the program goes on as if its kernel had read.
# timeout: 120
set -e
. "$SRCDIR/tests/guest/guests.inc"
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
cat >calls.asm <<'ASM'
bits 32
org 0x10000
elf:
    db 0x7F, "ELF", 1, 1, 1, 0
    dq 0
    dw 2, 3                     ; executable, i386 (System V ABI, chapter 4)
    dd 1, start, header - elf, 0, 0
    dw header - elf, 32, 1, 0, 0, 0
header:
    dd 1, 0, elf, elf, end - elf, end - elf, 7, 0x1000

start:
    lea esi, [esp + 4]          ; behind argc: arguments, environment, auxiliary vector
    mov ecx, 2
skip:
    lodsd
    test eax, eax
    jnz skip
    loop skip
find:
    lodsd
    mov ebx, eax
    lodsd
    test ebx, ebx
    jz failed
    cmp ebx, 32                 ; AT_SYSINFO
    jne find
    mov [vsyscall], eax

    mov eax, 192                ; mmap2: two pages of nothing, writable
    xor ebx, ebx
    mov ecx, 8192
    mov edx, 3
    mov esi, 0x22
    mov edi, -1
    xor ebp, ebp
    int 0x80
    mov [area], eax

    lea ecx, [eax + 0x100]
    mov eax, 3
    mov ebx, 9
    mov edx, 512
    int 0x80
    mov ecx, [area]
    cmp eax, 512
    jne failed
    cmp dword [ecx + 0x100], 'disk'
    jne failed

    mov dword [ecx + 0x1000], 'mine'
    mov eax, 2                  ; fork
    int 0x80
    test eax, eax
    jz child
    mov eax, 7                  ; waitpid
    mov ebx, -1
    mov ecx, status
    xor edx, edx
    int 0x80
    cmp dword [status], 21 << 8
    jne failed
    mov ecx, [area]
    cmp dword [ecx + 0x1000], 'mine'
    jne failed
    mov ecx, well
    jmp say

child:
    mov ecx, [area]
    add ecx, 0x1000
    mov eax, 3
    mov ebx, 9
    mov edx, 512
    call [vsyscall]
    mov ecx, [area]
    mov ebx, 1
    cmp eax, 512
    jne leave_with_it
    cmp dword [ecx + 0x1000], 'disk'
    jne leave_with_it
    mov ebx, 21
leave_with_it:
    mov eax, 1
    int 0x80

failed:
    mov ecx, bad
say:
    mov eax, 4
    mov ebx, 1
    mov edx, bad - well
    int 0x80
    mov eax, 88                 ; reboot: power off
    mov ebx, 0xFEE1DEAD
    mov ecx, 672274793
    mov edx, 0x4321FEDC
    int 0x80
    jmp failed
well: db "CALLS-WELL", 10
bad: db "CALLS-BAD!", 10
vsyscall: dd 0
area: dd 0
status: dd 0
end:
ASM
mkdir -p root/dev
nasm -f bin -o root/calls calls.asm
chmod 755 root/calls
(cd root && find . | cpio --quiet -o -H newc -R 0:0) | gzip >calls.gz
yes disk | tr -d '\n' | head -c $((504 * 512)) >disk.img
cat >lab.ini <<LAB
[host]
memory = 128M
disk = disk.img,geometry=8/1/63
[guest linux]
memory = 96M
nic = none
cylinders = 2-5
serial = file:serial.log
kernel = $GUESTS/vmlinuz
initrd = calls.gz
append = console=ttyS0,115200 nokaslr mitigations=off cryptomgr.notests rdinit=/calls
syscalls = 9=disk
LAB
"$VITRINE" host --display none --timeout 60 --trace io:machine=linux --trace-out trace.jsonl lab.ini >report.txt 2>err.txt || { cat err.txt; tail -n 20 serial.log; exit 1; }
expect serial.log '^CALLS-WELL$'
grep 'system calls:' report.txt
for way in 'INT 80h' SYSENTER; do
    [ "$(grep -c "system call read(9, [0-9a-f]*h, 512) by $way" trace.jsonl)" = 1 ]
done
grep -q 'system calls: .* 2 served: 1024 bytes read' report.txt
