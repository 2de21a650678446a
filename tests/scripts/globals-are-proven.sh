# check-globals.sh finds each kind of writable object, and passes constant tables.
set -e
command -v "$OBJDUMP" >/dev/null || { echo "no objdump"; exit 77; }
expect() { # expect STATUS C-TEXT [CFLAG]
    printf '%s\n' "$2" >t.c
    rm -f t.a
    $CC -O2 $3 -c -o t.o t.c
    ar rcs t.a t.o
    for f in t.o t.a; do
        status=0
        sh "$SRCDIR/scripts/check-globals.sh" $f >out.txt || status=$?
        [ $status = "$1" ] || { echo "$2 ($f): status $status, not $1"; cat out.txt; exit 1; }
    done
}
expect 0 'int f(void); int f(void) { return 1; }'
expect 0 'static const int t[] = {1, 2}; const int *f(int i); const int *f(int i) { return &t[i]; }'
expect 0 'const char *const t[] = {"a", "b"};' -fPIE
expect 0 'const char *const t[] = {"a", "b"};' -fno-pie
expect 1 'int g = 1;'
expect 1 'int g;'
expect 1 'int g;' -fcommon
expect 1 'int f(void) { static int n; return n++; }'
expect 1 'int f(void) { static int n = 5; return n++; }'
expect 1 '_Thread_local int g;'
expect 1 '_Thread_local int g = 1;'
expect 1 'const char *t[] = {"a", "b"};'
expect 1 'void g(void); __attribute__((constructor)) static void f(void) { g(); }'
expect 1 '__attribute__((section("myset"), used)) static const int g = 1;'
