# make-c.awk: turns the numbers that `od -An -v -tu1` prints into a C source file.

BEGIN {
    print "/* Generated from roms/firmware: the firmware of our own, 64 KiB at F0000h. */"
    print "extern const unsigned char firmware_image[];"
    print "extern const unsigned int firmware_image_bytes;"
    print "const unsigned char firmware_image[] = {"
}

{
    line = "   "
    for (i = 1; i <= NF; i++) line = line " " $i ","
    print line
    bytes += NF
}

END {
    print "};"
    print "const unsigned int firmware_image_bytes = " bytes ";"
}
