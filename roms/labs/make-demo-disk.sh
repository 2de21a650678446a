#!/bin/sh
# make-demo-disk.sh FILE: a disk image of 1,000 cylinders, 16 heads and 63 sectors, 512 bytes each.
# It is a hole, except that each sector of the first and the last cylinder of the guests' ranges, and of
# the cylinders beside them, says in plain text where it lies. A sector read through the wrong map
# therefore shows itself.
set -e
image=$1
heads=16
sectors=63

write_cylinder() {
    awk -v cylinder="$1" -v heads=$heads -v sectors=$sectors 'BEGIN {
        for (head = 0; head < heads; head++)
            for (sector = 1; sector <= sectors; sector++) {
                lba = (cylinder * heads + head) * sectors + sector - 1
                text = sprintf("host cylinder %d head %d sector %d lba %d. ", cylinder, head, sector, lba)
                while (length(text) < 511)
                    text = text text
                printf "%s\n", substr(text, 1, 511)
            }
    }' | dd of="$image.new" bs=512 seek=$(($1 * heads * sectors)) conv=notrunc 2>/dev/null
}

rm -f "$image.new"
dd if=/dev/null of="$image.new" bs=512 seek=$((1000 * heads * sectors)) 2>/dev/null
for cylinder in 0 99 100 199 200 299 300 999; do
    write_cylinder $cylinder
done
mv "$image.new" "$image"
