# The speaker in a WAV file: two tones of half a second have their frequencies and lengths, silence lies between
# them, and the run is the same with and without sound.
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
nasm -f bin -o speaker.img "$SRCDIR/tests/guest/speaker.asm"

run() {
    status=0
    "$VITRINE" run --display none --max-speed --overlay --rtc 1700000000 --timeout 60 --hash "$@" speaker.img || status=$?
    [ $status = 1 ] || { echo "status $status instead of 1"; exit 1; }
}
run --sound file:speaker.wav >with.txt
run >without.txt
cmp with.txt without.txt

# Mono, 16 bits, 48,000 Hz, as the header says; the data are as long as the file.
header=$(od -An -tu4 -j24 -N4 speaker.wav | tr -d ' ')
[ "$header" = 48000 ] || { echo "$header samples a second"; exit 1; }
length=$(od -An -tu4 -j40 -N4 speaker.wav | tr -d ' ')
[ "$length" = $(($(wc -c <speaker.wav) - 44)) ] || { echo "the header says $length bytes"; exit 1; }

# Each tone: from its first sample to its last, and the rising edges between.
od -An -v -td2 -w2 -j44 speaker.wav | awk '
    $1 != 0 { if (silent > 2400 || !tones) { tones++; first[tones] = NR } last[tones] = NR; silent = 0
              if ($1 > 0 && before < 0) rises[tones]++ ; before = $1 }
    $1 == 0 { silent++; before = 0 }
    END { for (i = 1; i <= tones; i++) { n = last[i] - first[i] + 1
              printf "tone %d: %d ms, %d Hz\n", i, n / 48 + 0.5, rises[i] * 48000 / n + 0.5 }
          printf "silence: %d ms\n", (first[2] - last[1]) / 48 + 0.5 }' >tones.txt
cat tones.txt
grep -Eq '^tone 1: 500 ms, (999|1000|1001|998) Hz$' tones.txt
grep -Eq '^tone 2: 500 ms, (439|440|441|438) Hz$' tones.txt
grep -Eq '^silence: 250 ms$' tones.txt
[ "$(wc -l <tones.txt)" = 3 ]

# What is not understood is said before anything runs.
status=0
"$VITRINE" run --display none --sound loud speaker.img 2>err || status=$?
[ $status = 2 ] && grep -q 'fix: none, sdl or file:PATH' err
status=0
"$VITRINE" run --display none --sound file:no/such/folder speaker.img 2>err || status=$?
[ $status = 6 ] && [ "$(wc -l <err)" = 1 ]
