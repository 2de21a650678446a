# configure --install-deps --dry-run prints a command for each of four package systems and leaves no
# file; without a needed program configure names it, says what installs it, and exits with 1.
set -e
mkdir top work
cp "$SRCDIR/configure" "$SRCDIR/Makefile.in" top # a tree that was never configured itself
cd work
../top/configure --install-deps --dry-run >out.txt
for command in 'apt-get install' 'dnf install' 'pacman -S' 'brew install'; do
    grep "$command" out.txt | grep -q -i 'sdl2'
done
[ "$(ls)" = out.txt ]

# A PATH with the shell's tools and the compiler, but without cpio and nasm.
mkdir path
for p in /bin /usr/bin /usr/local/bin /sbin /usr/sbin; do
    for f in $p/*; do
        case ${f##*/} in
        cpio | nasm) ;;
        *) [ -e "path/${f##*/}" ] || ln -s "$f" "path/${f##*/}" ;;
        esac
    done
done
status=0
PATH=$(pwd)/path ../top/configure >out2.txt 2>&1 || status=$?
[ $status = 1 ]
grep -q 'nasm.*fix: .*nasm' out2.txt
grep -q 'cpio.*fix: .*cpio' out2.txt
[ ! -e Makefile ]
status=0
../top/configure --dispatch=magic >out3.txt 2>&1 || status=$?
[ $status = 1 ] && grep -q 'tail, goto or loop' out3.txt
