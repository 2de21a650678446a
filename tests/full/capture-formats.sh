# The runner of captures reads each format that is published: JSON and MOO, packed or not, with registers of 16 and of
# 32 bits, tables of undefined flags and lists of revoked tests beside the set or one folder up.
# timeout: 120
command -v python3 >/dev/null || { echo "no python3"; exit 77; }
. "$SRCDIR/tests/oracle/build.sh"
build_vectors || exit 1
python3 "$oracle/capture_samples.py" samples || exit 1
for set in 8088/v2 8088/v2_plain 8088/v2_binary 80386/v1_ex_real_mode 80386/v1_lower 80386/v1_json; do
    total=$(./vectors -v 3 "samples/$set" | tee log | tail -n 1)
    [ "$total" = "total 2 passed, 0 failed, 1 revoked" ] || { cat log; echo "$set: $total"; exit 1; }
    VITRINE_VECTORS=samples/$set
    vectors=
    find_vectors
    [ "$vectors" = "samples/$set" ] || { echo "$set: taken for no set"; exit 1; }
done
# what is wrong fails, and so does what was cut
rm samples/8088/revocation_list.txt
! ./vectors samples/8088/v2_plain >log || { echo "a wrong test passed"; exit 1; }
[ "$(tail -n 1 log)" = "total 2 passed, 1 failed, 0 revoked" ] || { cat log; exit 1; }
head -c 1000 samples/8088/v2_plain/05.json >cut && mv cut samples/8088/v2_plain/05.json
! ./vectors samples/8088/v2_plain >log 2>&1 || { echo "a damaged file passed"; exit 1; }
grep -q 'damaged; fix:' log
