#!/bin/sh
# The Wireshark dissector's table is that of the trace's fields, in its order: name and type.
sed -n 's/^    {"\([a-z0-9]*\)", .*FIELD_\([A-Z]*\), .*/\1 \2/p' "$SRCDIR/debugger/trace_fields.c" |
    sed 's/NUMBER/#/; s/ADDRESS/x/; s/TEXT/$/; s/BYTES/*/' >wanted
sed -n 's/^    { "\([a-z0-9]*\)", "\(.\)", .*/\1 \2/p' "$SRCDIR/scripts/vitrine.lua" >found
[ "$(wc -l <wanted)" -gt 40 ] || { echo "the table of fields was not found"; exit 1; }
diff wanted found
