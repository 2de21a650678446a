# embed.awk: turns the numbers that `od -An -v -tu1` prints into a C source file: NAME[], NAME_bytes
# (awk -v name=NAME).

BEGIN {
    print "/* Generated: bytes of a file. */"
    print "extern const unsigned char " name "[];"
    print "extern const unsigned int " name "_bytes;"
    print "const unsigned char " name "[] = {"
}

{
    line = "   "
    for (i = 1; i <= NF; i++) line = line " " $i ","
    print line
    bytes += NF
}

END {
    print "};"
    print "const unsigned int " name "_bytes = " bytes ";"
}
