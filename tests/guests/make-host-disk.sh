#!/bin/sh
# Makes the physical disk of the lab with two Linux guests: 1000/16/63, one guest's image (400
# cylinders each) at cylinders 100-499, the other's at 550-949.
#   tests/guests/make-host-disk.sh IMAGE GUEST-A GUEST-B
#   tests/guests/make-host-disk.sh --check IMAGE     is everything outside the two ranges unchanged?
#   tests/guests/make-host-disk.sh --fsck IMAGE      are both guests' ext4 file systems clean?
#
# Every sector outside the ranges says which sector it is, so that a stray write shows, wherever it
# lands and whatever it writes. Exit status of --check and --fsck: 0 yes, 1 no, 2 the image is short.
set -eu
cylinder=$((16 * 63)) # sectors
total=1000
first_a=100 last_a=499 first_b=550 last_b=949
fat_cylinders=40 # make-disk.sh's partition 1

# outside FIRST LAST: what the sectors of those cylinders hold.
outside() {
    LC_ALL=C awk -v from=$(($1 * cylinder)) -v to=$((($2 + 1) * cylinder)) \
        'BEGIN { for (i = from; i < to; i++) printf "%-511s\n", "outside every guest: sector " i }'
}
bytes=$((cylinder * 512))
# the three stretches outside: FIRST LAST
stretches="0:$((first_a - 1)) $((last_a + 1)):$((first_b - 1)) $((last_b + 1)):$((total - 1))"

case ${1:-} in
--check)
    image=${2:?image}
    [ "$(wc -c <"$image")" -eq $((total * bytes)) ] || { echo "$image: $(wc -c <"$image") bytes, not $((total * bytes))"; exit 2; }
    for s in $stretches; do
        first=${s%:*} last=${s#*:}
        # cmp names the first byte that differs, counted from the start of the stretch.
        outside $first $last | cmp -n $(((last - first + 1) * bytes)) -i 0:$((first * bytes)) - "$image" || {
            echo "$image: changed between cylinders $first and $last"
            exit 1
        }
    done
    ;;
--fsck)
    image=${2:?image}
    PATH=$PATH:/sbin:/usr/sbin
    for first in $first_a $first_b; do
        e2fsck -f -n "$image?offset=$(((first + fat_cylinders) * bytes))" || exit 1
    done
    ;;
*)
    image=${1:?usage: make-host-disk.sh IMAGE GUEST-A GUEST-B} a=${2:?guest A} b=${3:?guest B}
    for g in "$a" "$b"; do
        [ "$(wc -c <"$g")" -eq $((400 * bytes)) ] || { echo "$g: not 400 cylinders" >&2; exit 2; }
    done
    rm -f "$image.tmp"
    {
        outside 0 $((first_a - 1))
        cat "$a"
        outside $((last_a + 1)) $((first_b - 1))
        cat "$b"
        outside $((last_b + 1)) $((total - 1))
    } >"$image.tmp"
    mv "$image.tmp" "$image"
    ;;
esac
