# The other compiler, the three ways of dispatch and the cross compilation for Windows build without a
# warning; where the program can run, its unit tests pass.
# timeout: 2400
set -e
unset CC AR NM OBJDUMP # the runner's; a cross compilation would take them
build() { # build NAME CONFIGURE-OPTION...
    name=$1
    shift
    mkdir "$name"
    (cd "$name" && "$SRCDIR/configure" --enable-werror "$@" && make -j2 all) >"$name.log" 2>&1 || {
        echo "$name: $*"
        tail -n 30 "$name.log"
        exit 1
    }
}
unit() { (cd "$1" && make -j2 unit-tests && ./unit-tests) >>"$1.log" 2>&1 || { tail -n 30 "$1.log"; exit 1; }; }

for cc in gcc clang; do
    command -v $cc >/dev/null || { echo "no $cc: left out"; continue; }
    for dispatch in tail goto loop; do
        build $cc-$dispatch CC=$cc --dispatch=$dispatch
        unit $cc-$dispatch
    done
done
if command -v x86_64-w64-mingw32-gcc >/dev/null; then
    build mingw --host=x86_64-w64-mingw32
else
    echo "no x86_64-w64-mingw32-gcc: left out"
fi
