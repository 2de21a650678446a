# The contracts of the maps (disk: vdisk_map.c, bus/block.h; display: windows.c) hold for all values: Frama-C
# with its plug-in WP proves them, together with the absence of run-time errors; and does not prove a map that is wrong.
# timeout: 600
command -v frama-c >/dev/null || { echo "frama-c is not installed (package frama-c-base)"; exit 77; }
command -v why3 >/dev/null || { echo "why3 is not installed (package why3): Frama-C needs it for provers"; exit 77; }
command -v z3 >/dev/null || { echo "z3 is not installed (package z3)"; exit 77; }
HOME=$PWD/home
export HOME
mkdir -p "$HOME"
why3 config detect >why3.txt 2>&1
# prove FILE FUNCTIONS: all goals, or not
prove() {
    timeout 250 frama-c -machdep gcc_x86_64 -cpp-extra-args="-I$SRCDIR" -wp -wp-rte -wp-prover z3 -wp-timeout 20 \
        -wp-fct "$2" "$1" >proof.txt 2>&1
    sed -n 's/.*Proved goals: *\([0-9]*\) \/ \([0-9]*\).*/\1 \2/p' proof.txt >goals.txt
    read -r proved goals <goals.txt || return 1
    echo "$(basename "$1"): $proved of $goals goals"
    [ "$proved" = "$goals" ] && [ "$goals" -gt 10 ]
}
disk=vdisk_map,vdisk_geometry,block_chs_to_lba,block_lba_to_chs
prove "$SRCDIR/hypervisor/vdisk_map.c" $disk || { cat proof.txt; exit 1; }
prove "$SRCDIR/hypervisor/windows.c" within,clip,reaches_row || { cat proof.txt; exit 1; }
sed 's/low ? low : value > high/low ? low : value > high + 1/' "$SRCDIR/hypervisor/windows.c" >wrong.c
if prove wrong.c within,clip,reaches_row; then
    echo "a wrong map was proven"
    exit 1
fi
