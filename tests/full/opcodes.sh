# Every opcode with every ModRM and the prefixes that choose or refuse one (LOCK among them): what is #UD on the
# workstation's processor is #UD on the model "max", and the other way round, but for opcodes.txt's rows.
# timeout: 1800
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
. "$SRCDIR/tests/oracle/build.sh"
build_native
build_opcodes || exit 1
./opcodes ./native >opcodes.log
status=$?
[ $status = 0 ] || { cat opcodes.log; exit $status; }
python3 "$SRCDIR/tests/oracle/opcodes.py" "$SRCDIR/tests/oracle/opcodes.txt" <opcodes.log
