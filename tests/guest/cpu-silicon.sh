# Random instruction streams on the workstation's processor and on our core: at least 10^6
# instructions.
# timeout: 300
tests=220000
. "$SRCDIR/tests/oracle/silicon.sh"
