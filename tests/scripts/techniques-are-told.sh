# Each switch of cpu/techniques.h has a program that lacks it (cpu/rules.mk), and docs/performance.md says what it gives.
switches=$(sed -n 's/^#ifndef TECHNIQUE_//p' "$SRCDIR/cpu/techniques.h" | sed 's| .*||')
[ "$(echo "$switches" | wc -l)" -gt 10 ] || { echo "no switches in cpu/techniques.h"; exit 1; }
wrong=0
for switch in $switches; do
    name=$(echo "$switch" | tr 'A-Z_' 'a-z-')
    grep -q "call without,$name,$switch," "$SRCDIR/cpu/rules.mk" ||
        { echo "$switch: cpu/rules.mk makes no program without it"; wrong=1; }
    grep -q "^| $name |" "$SRCDIR/docs/performance.md" ||
        { echo "$switch: the table of docs/performance.md has no row $name"; wrong=1; }
done
exit $wrong
