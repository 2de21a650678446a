#!/bin/sh
# One OUT of a guest, followed by the ids alone: the hypervisor's map, the host's ports, the physical disk,
# the host's interrupt, and the interrupt that the guest takes for it.
. "$SRCDIR/tests/guest/debug.inc"
command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }

timeout 100 "$VITRINE" host --display none --trace io,irq,disk --trace-out all.jsonl "$BUILDDIR/obj/roms/demo.ini" >out 2>&1 ||
    fail "the demo: $(cat out)"
# The first READ SECTORS by which beta's driver waits for an interrupt: its chain has the guest's own.
seq=$(jq -n 'first(foreach inputs as $r ({}; if $r.machine == "beta" and $r.reg == "COMMAND" and $r.value == "0x20" then
    .last = $r.seq elif $r.kind == "interrupt" and $r.machine == "beta" and $r.step == "entered" and
    $r.cause == .last and .last != null then .found = .last else . end; .found | select(. != null)))' <all.jsonl)
[ -n "$seq" ] || fail "no command of beta whose interrupt was entered"
jq -c "select(.seq == $seq or .cause == $seq)" <all.jsonl >chain.jsonl
step() { # step WORDS SELECTION
    at=$(jq -n "first(inputs | select($2) | .seq)" <chain.jsonl)
    [ -n "$at" ] || fail "not in the chain: $1
$(cut -c1-300 chain.jsonl)"
    [ "$at" -gt "$before" ] || fail "$1 ($at) comes before the step before it ($before)"
    before=$at
    echo "#$at $1"
}
before=0
step "the guest's OUT" '.machine == "beta" and .reg == "COMMAND" and .decision == "map" and (.note | test("virtual C/H/S .* -> physical C/H/S 2[0-9][0-9]/"))'
step "the VMM's map" '.machine == "host" and .source == "vdisk" and .target == "beta" and .cylinder >= 200 and .cylinder < 300'
step "the native driver at the host's ports" '.machine == "host" and (has("eip") | not) and .dir == "out" and .addr == "0x1f7"'
step "the physical disk" '.machine == "host" and .kind == "disk" and .source == "ide0" and .cylinder >= 200'
step "the host's interrupt" '.machine == "host" and .kind == "interrupt" and .irq == 14 and .step == "raised"'
step "its acknowledge" '.machine == "host" and .kind == "interrupt" and .irq == 14 and .step == "acknowledged"'
step "the guest's interrupt" '.machine == "beta" and .kind == "interrupt" and .irq == 14 and .step == "raised"'
step "its INTA" '.machine == "beta" and .kind == "interrupt" and .irq == 14 and .step == "acknowledged" and (.meaning | test("after it was raised"))'
step "the guest's handler" '.machine == "beta" and .kind == "interrupt" and .step == "entered"'
# Nothing of the other guest is in it.
jq -n -e '[inputs | select(.machine == "alpha" or .target == "alpha")] | length == 0' <chain.jsonl >/dev/null ||
    fail "alpha is in the chain of beta"
exit 0
