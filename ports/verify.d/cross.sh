# Systems that are not here: compiled and linked with `zig cc`, which brings headers and libraries of the BSDs. OpenSSL,
# c-ares, Berkeley DB, expat and the other libraries are the headers of this machine, and libraries of empty functions of
# the same names: every source is compiled with the real headers of the system and linked against its real libc. What it
# runs like there, nobody has seen (docs/PORTING.md). Sourced by ports/verify.
# shellcheck shell=sh

# The contract tests that every system has; the one for pollers takes all that were built.
contracts="ports/tests/poller_test ports/tests/fdpass_test ports/tests/durable_test ports/tests/filelock_test ports/tests/clock_test"
contracts="$contracts ports/tests/accounts_test ports/tests/dirwatch_floor_test ports/tests/privs_floor_test ports/selftest/selftest"

# zig as words in $zig; installed into the cache when there is none.
find_zig() {
	if [ -n "${ZIG:-}" ]; then zig=$ZIG; return 0; fi
	if python3 -m ziglang version >/dev/null 2>&1; then zig="python3 -m ziglang"; return 0; fi
	[ -x "$cache/zig/bin/python" ] || python3 -m venv "$cache/zig" >/dev/null 2>&1 || return 1
	zig="$cache/zig/bin/python -m ziglang"
	$zig version >/dev/null 2>&1 || "$cache/zig/bin/python" -m pip install -q ziglang >"$work/pip.log" 2>&1
	$zig version >/dev/null 2>&1
}

# The wrappers that configure and make call: $1 line, $2 target.
wrap_zig() {
	mkdir -p "$work/$1/bin" &&
		printf '#!/bin/sh\nexec %s cc -target %s "$@"\n' "$zig" "$2" >"$work/$1/bin/cc" &&
		printf '#!/bin/sh\nexec %s ar "$@"\n' "$zig" >"$work/$1/bin/ar" &&
		chmod +x "$work/$1/bin/cc" "$work/$1/bin/ar"
}

# Empty functions with the names of this machine's library $1, as C.
empty_functions() {
	so=$(ls /usr/lib/*/lib"$1".so /usr/lib/*/lib"$1"-5.3.so 2>/dev/null | head -n 1)
	[ -n "$so" ] || return 1
	nm -D --defined-only "$so" | awk '$2 == "T" { sub(/@.*/, "", $3); print "void " $3 "(void); void " $3 "(void) {}" }' | sort -u
}

# What stands in place of library $2 for line $1.
stub_source() {
	case $2 in
	# __kevent100: the libc of NetBSD 10 has it, the list of its functions that zig brings does not.
	system)
		case $1 in netbsd*) echo 'int __kevent100(void); int __kevent100(void) { return -1; }' ;; esac
		echo 'typedef int system_is_complete;' ;;
	crypt) echo 'char *crypt(const char *, const char *); char *crypt(const char *k, const char *s) { (void)k; (void)s; return 0; }' ;;
	iconv)
		echo 'typedef void *iconv_t; int iconv_close(iconv_t c); int iconv_close(iconv_t c) { return c == 0; }'
		echo 'iconv_t iconv_open(const char *t, const char *f); iconv_t iconv_open(const char *t, const char *f) { (void)t; (void)f; return 0; }'
		echo 'unsigned long iconv(iconv_t c, char **i, unsigned long *n, char **o, unsigned long *m);'
		echo 'unsigned long iconv(iconv_t c, char **i, unsigned long *n, char **o, unsigned long *m) { return c && i && n && o && m; }' ;;
	*) empty_functions "$2" ;;
	esac
}

stub_libraries() {
	dir=$work/$1
	mkdir -p "$dir/include" "$dir/lib" || return 1
	cp -rL /usr/include/openssl "$dir/include/" || return 1
	for arch in /usr/include/*-linux-gnu/openssl; do
		[ ! -d "$arch" ] || cp -rL "$arch/." "$dir/include/openssl/"
	done
	# They count as the system's (no warnings), but stand before its own: the BSDs have a db.h of another kind.
	for header in /usr/include/ares*.h /usr/include/db.h /usr/include/expat*.h /usr/include/pcre2.h /usr/include/idn2.h \
		/usr/include/zlib.h /usr/include/zconf.h; do
		[ ! -f "$header" ] || { echo '#pragma GCC system_header'; cat "$header"; } >"$dir/include/$(basename "$header")" || return 1
	done
	for arch in /usr/include/*-linux-gnu/expat_config.h; do
		[ ! -f "$arch" ] || cp -L "$arch" "$dir/include/"
	done
	for lib in ssl crypto cares db expat pcre2-8 idn2 z crypt iconv system; do
		stub_source "$1" "$lib" >"$dir/$lib.c" || case $lib in expat | pcre2-8 | idn2 | z) continue ;; *) return 1 ;; esac
		"$dir/bin/cc" -w -fno-builtin -c "$dir/$lib.c" -o "$dir/$lib.o" && "$dir/bin/ar" rc "$dir/lib/lib$lib.a" "$dir/$lib.o" || return 1
	done
	# The BSDs' own iconv.h where libc has it; OpenBSD gets one for the names above.
	case $1 in openbsd*) cat >"$dir/include/iconv.h" <<-'H'
		#include <stddef.h>
		typedef void *iconv_t;
		iconv_t iconv_open(const char *, const char *);
		size_t iconv(iconv_t, char **, size_t *, char **, size_t *);
		int iconv_close(iconv_t);
		H
	esac
}

# cross LINE TARGET HOST: configure, compile and link the product and the contract tests.
cross() {
	name=$1
	find_zig || { say skipped "$name" "no zig and none to be installed (PyPI package ziglang)"; return; }
	mkdir -p "$work/$name/build" && wrap_zig "$name" "$2" && stub_libraries "$name" >"$work/$name/stub.log" 2>&1 ||
		{ say skipped "$name" "the stub libraries cannot be made: $(tail -n 1 "$work/$name/stub.log" 2>/dev/null)"; return; }
	(
		cd "$work/$name/build" &&
		"$top/configure" -q --host="$3" CC="$work/$name/bin/cc" AR="$work/$name/bin/ar" RANLIB=: PKG_CONFIG=false --enable-werror \
			CPPFLAGS="-I$work/$name/include" CFLAGS=-O1 LDFLAGS="-L$work/$name/lib" LIBS=-lsystem
	) >"$work/$name.configure.log" 2>&1 || {
		say failed "$name" "configure: $(grep -m 1 error "$work/$name.configure.log")"
		return
	}
	chosen=$(sed -n 's/^configure:[0-9]*: \(poller\|sandbox\|dirwatch\|peercred\): \([a-z_]*\) .*/\2/p' "$work/$name/build/config.log" | tr '\n' ' ')
	without=$(sed -n 's/^  optional  *//p' "$work/$name.configure.log" | tr ' ' '\n' | sed -n 's/=no$//p' | tr '\n' ' ')
	if make -C "$work/$name/build" -k -j"$jobs" >"$work/$name.make.log" 2>&1 &&
		make -C "$work/$name/build" -k -j"$jobs" $contracts >>"$work/$name.make.log" 2>&1; then
		objects=$(find "$work/$name/build" -name '*.o' | wc -l)
		programs=$(find "$work/$name/build" -type f -perm -100 ! -name '*.*' ! -name libtool | wc -l)
		say verified "$name" "$objects objects compiled, $programs programs linked; ${chosen% }${without:+; without ${without% }}"
		[ "${KEEP:-}" ] || rm -rf "${work:?}/$name"
	else
		say failed "$name" "all of it: $work/$name.make.log"
		mistakes "$work/$name.make.log"
	fi
}
