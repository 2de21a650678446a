# check-floors.sh finds each kind of broken rule, and passes what is allowed.
set -e
mkdir -p base bus cpu devices machine backends frontends
expect() { # expect STATUS LINE-IN FILE
    printf '%s\n' "$2" >"$3"
    status=0
    sh "$SRCDIR/scripts/check-floors.sh" . >out.txt || status=$?
    [ $status = "$1" ] || { echo "$3: $2: status $status, not $1"; cat out.txt; exit 1; }
    [ "$1" = 0 ] || grep -q "^$3:1: " out.txt
    rm "$3"
}
echo '#include <stdint.h>' >base/ok.c
expect 0 '#include "bus/space.h"' cpu/a.c
expect 0 '#include "cpu/b.h"' cpu/a.c
expect 0 '#include "config.h"' base/a.c
expect 0 '#include <sys/socket.h>' backends/a.c
expect 0 '#include "devices/b.h"' machine/a.h
expect 1 '#include "cpu/b.h"' devices/a.c
expect 1 '#include "devices/b.h"' bus/a.h
expect 1 '#  include "machine/b.h"' backends/a.c
expect 1 '#include "frontends/b.h"' machine/a.c
expect 1 '#include "b.h"' cpu/a.c
expect 1 '#include "../bus/b.h"' cpu/a.c
expect 1 '#include "tests/b.h"' cpu/a.c
expect 1 '#include <unistd.h>' devices/a.c
expect 1 '#include <SDL.h>' machine/a.c
