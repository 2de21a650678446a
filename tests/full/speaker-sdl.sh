# The speaker as SDL hears it: SDL's disk driver writes what it would play, and the tones' periods are in it. A busy
# machine leaves gaps between pieces, so periods are counted: of 1,000 Hz (48 samples) and 440 Hz (109).
set -e
[ -x "$VITRINE" ] || { echo "the program is not built here"; exit 77; }
command -v nasm >/dev/null || { echo "nasm is missing"; exit 77; }
nasm -f bin -o speaker.img "$SRCDIR/tests/guest/speaker.asm"
status=0
SDL_AUDIODRIVER=disk SDL_DISKAUDIOFILE=heard.raw "$VITRINE" run --display none --realtime --overlay --rtc 1 \
    --timeout 60 --sound sdl speaker.img >out.txt 2>err.txt || status=$?
[ -s heard.raw ] || { echo "SDL has no disk driver here: $(cat err.txt)"; exit 77; }
[ $status = 1 ] || { echo "status $status instead of 1: $(cat err.txt)"; exit 1; }
od -An -v -td2 -w2 heard.raw | awk '
    $1 > 0 && before < 0 { period = NR - last; if (period == 48 || period == 47 || period == 49) high++
                           if (period >= 108 && period <= 110) low++; else if (period > 49 && period < 108) other++ }
    $1 > 0 && before <= 0 { last = NR }
    { before = $1 }
    END { printf "%d periods of 1000 Hz, %d of 440 Hz, %d between\n", high, low, other
          exit !(high >= 200 && low >= 80 && other * 4 <= high + low) }' >heard.txt || { cat heard.txt; exit 1; }
cat heard.txt
