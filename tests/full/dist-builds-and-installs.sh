# The packed sources, without git, build in another folder and install below DESTDIR and prefix, and
# pack themselves again to the same list of files.
# timeout: 900
set -e
make -C "$BUILDDIR" dist
archive=$(ls "$BUILDDIR"/vitrine-*.tar.gz)
tar xzf "$archive"
top=$(echo vitrine-*)
mkdir out
cd out
"../$top/configure" --prefix=/opt/v CC="$CC"
make -j2
make install DESTDIR="$(pwd)/stage"
[ ! -e "$BUILDDIR/vitrine" ] || [ -x stage/opt/v/bin/vitrine ]
make uninstall DESTDIR="$(pwd)/stage"
[ -z "$(find stage -type f)" ]
make dist
tar tzf vitrine-*.tar.gz | grep -v '/$' | sort >list2
tar tzf "$archive" | grep -v '/$' | sort >list1
cmp list1 list2
