# Linux's psmouse and atkbd see what hands do, event for event: movement, five buttons and the wheel of the mouse by
# each protocol that its driver knows (plain, IntelliMouse, IntelliMouse Explorer), keys by evdev. What comes is a
# list of struct input_event, and the lists that must come are written here from linux/input-event-codes.h.
# timeout: 300
set -e
. "$SRCDIR/tests/guest/guests.inc"
: "${CC:=cc}"
# shellcheck disable=SC2046
$CC -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -O1 -I"$SRCDIR" -I"$BUILDDIR" -o input-driver \
    "$SRCDIR/tests/full/input_driver.c" "$SRCDIR/frontends/no_window.c" "$BUILDDIR/libvitrine.a" \
    $(sed -n -e 's/^lib_cflags = //p' -e 's/^lib_libs = //p' "$BUILDDIR/Makefile") -lpthread -lm \
    $([ "$SANITIZE" = yes ] && echo -fsanitize=address,undefined)

# What the hands do, in steps of 100 ms: DX DY DZ BUTTONS. Virtual time is some 10 s ahead of the guest's uptime, which
# begins when its kernel has unpacked itself; it listens for 15 s from 20, 40, 60 and 80 s on.
mouse='5 3 0 0
-200 100 0 0
0 -255 0 0
0 0 0 1
10 -4 0 1
0 0 0 3
0 0 0 2
0 0 0 4
0 0 0 0
0 0 1 0
0 0 -3 0
0 0 0 8
0 0 0 16
0 0 0 0
1 0 0 0'
for at in 34000 54000 74000; do
    echo "$mouse" | awk -v at=$at '{ print at + 100 * NR, "mouse", $0 }'
done >hands
# a, up, pause, print screen, right control, the key beside left Shift, F12, keypad enter, Num Lock
for usage in 4 82 72 70 228 100 69 88 83; do printf '%s 1\n%s 0\n' $usage $usage; done |
    awk '{ print 94000 + 100 * NR, "key", $0 }' >>hands

# up with left Shift, and with Num Lock on: the keyboard's shift codes are not keys
printf '%s key %s\n' 96000 '225 1' 96100 '82 1' 96200 '82 0' 96300 '225 0' 96400 '82 1' 96500 '82 0' >>hands

./input-driver hands --memory 64M --serial file:input.log --display none --kernel "$GUESTS/vmlinuz" \
    --initrd "$GUESTS/initramfs.gz" --append "$(cat "$SRCDIR/tests/guests/command-line") vitrine.job=input"
expect input.log '^VITRINE-INPUT-READY bare' '^VITRINE-INPUT-READY keys' '^VITRINE-DONE$'

# events WORD: "type code value" of each event; of keys the key events alone (each has its scan code before it).
events() {
    tr -d '\r' <input.log | sed -n "s/^EVENT $1 [0-9a-f]\{16\}//p" | LC_ALL=C awk '
        function number(at, bytes, value, i) {
            for (i = bytes - 1; i >= 0; i--)
                value = value * 256 + (index("0123456789abcdef", substr($1, at + 2 * i, 1)) - 1) * 16 + \
                        index("0123456789abcdef", substr($1, at + 2 * i + 1, 1)) - 1
            return value >= 2147483648 ? value - 4294967296 : value
        }
        number(1, 2) != 4 { printf "%d %d %d\n", number(1, 2), number(5, 2), number(9, 4) }'
}
# Type 2 is relative (0 x, 1 y, 8 wheel), 1 a button (272 left, 273 right, 274 middle, 275, 276 the sides), 0 the end.
same() { # same WORD LINE...
    word=$1
    shift
    printf '%s\n' "$@" | sed 's/; */\n/g' >"$word.wanted"
    events "$word" >"$word.came"
    diff "$word.wanted" "$word.came" || { echo "$word: not what the hands did"; exit 1; }
}
plain='2 0 5; 2 1 3; 0 0 0; 2 0 -200; 2 1 100; 0 0 0; 2 1 -255; 0 0 0; 1 272 1; 0 0 0; 2 0 10; 2 1 -4; 0 0 0'
plain="$plain; 1 273 1; 0 0 0; 1 272 0; 0 0 0; 1 274 1; 1 273 0; 0 0 0; 1 274 0; 0 0 0"
wheel='2 8 1; 0 0 0; 2 8 -3; 0 0 0'
sides='1 275 1; 0 0 0; 1 275 0; 1 276 1; 0 0 0; 1 276 0; 0 0 0'
last='2 0 1; 0 0 0'
same bare "$plain" "$last"
same imps "$plain" "$wheel" "$last"
same exps "$plain" "$wheel" "$sides" "$last"
set --
# The last are Num Lock, with its lamp, and up twice.
for key in 30 103 119 99 97 86 88 96; do set -- "$@" "1 $key 1; 0 0 0; 1 $key 0; 0 0 0"; done
same keys "$@" '1 69 1; 0 0 0; 17 0 1; 1 69 0; 0 0 0' \
    '1 42 1; 0 0 0; 1 103 1; 0 0 0; 1 103 0; 0 0 0; 1 42 0; 0 0 0; 1 103 1; 0 0 0; 1 103 0; 0 0 0'
