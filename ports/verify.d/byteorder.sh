# What is on disk, between byte orders: a big-endian and a little-endian build open what the other wrote, change it, and
# hand it back. Sourced by ports/verify.
# shellcheck shell=sh

# A build with the program byteorder in $folder, by configure's options.
byteorder_build() {
	folder=$1
	shift
	mkdir -p "$folder" && (cd "$folder" && { [ -f config.status ] || "$top/configure" -q "$@"; } && make -j"$jobs" build_config.h && make -j"$jobs" ports/tests/byteorder) >"$folder.log" 2>&1
}

byteorder_line() {
	need s390x-linux-gnu-gcc gcc-s390x-linux-gnu && need qemu-s390x-static qemu-user-static ||
		{ say skipped byteorder "no cross compiler or no qemu for s390x (packages gcc-s390x-linux-gnu, qemu-user-static)"; return; }
	sysroot s390x || { say skipped byteorder "$why"; return; }
	mkdir -p "$work/byteorder"
	wrap_compiler byteorder s390x-linux-gnu-gcc s390x-linux-gnu qemu-s390x-static
	byteorder_build "$work/byteorder/big" --host=s390x-linux-gnu CC="$work/byteorder/bin/cc" AR=s390x-linux-gnu-ar \
		RANLIB=s390x-linux-gnu-ranlib PKG_CONFIG=false --with-sandbox=none &&
		byteorder_build "$work/byteorder/little" ||
		{ say failed byteorder "the build fails: $(grep -h -m 1 error "$work"/byteorder/*.log)"; return; }
	big=$work/byteorder/big/ports/tests/byteorder little=$work/byteorder/little/ports/tests/byteorder
	# Short names: some of these paths have little room.
	play=$(mktemp -d "${TMPDIR:-/tmp}/byteo.XXXXXX") && mkdir "$play/b" "$play/l" || return
	{
		"$big" write "$play/b" && "$little" turn "$play/b" && "$big" turn "$play/b" && "$little" turn "$play/b" &&
			"$little" write "$play/l" && "$big" turn "$play/l" && "$little" turn "$play/l" && "$big" turn "$play/l"
	} >"$work/byteorder.log" 2>&1
	status=$?
	for order in big-endian little-endian; do
		[ $status -eq 0 ] || break
		mkdir "$play/$order" && gzip -dc "$top/ports/tests/byteorder.d/$order.tar.gz" | (cd "$play/$order" && tar xf -) &&
			"$big" turn "$play/$order" >>"$work/byteorder.log" 2>&1 && "$little" turn "$play/$order" >>"$work/byteorder.log" 2>&1
		status=$?
	done
	rm -rf "$play"
	if [ $status -eq 0 ] && grep -q 'by a big-endian' "$work/byteorder.log" && grep -q 'by a little-endian' "$work/byteorder.log"; then
		say verified byteorder "Maildir with facts and caches, queue, userdb: $(grep -c '^turn by a big' "$work/byteorder.log") times opened and changed big-endian, $(grep -c '^turn by a little' "$work/byteorder.log") times little-endian"
		[ "${KEEP:-}" ] || rm -rf "$work/byteorder"
	else
		say failed byteorder "all of it: $work/byteorder.log"
		grep -v passed, "$work/byteorder.log" | tail -n 12 | sed 's/^/          | /'
	fi
}
