# Another libc on this processor: OpenSSL, c-ares, Berkeley DB, expat and libxcrypt are built from Debian's source packages with
# musl-gcc (kept in the cache), then the product with its whole suite. Sourced by ports/verify.
# shellcheck shell=sh

# musl_source NAME: unpacks Debian's source of it below $musl/src, prints the folder.
musl_source() {
	rm -rf "$musl/src" && mkdir -p "$musl/src" && (cd "$musl/src" && private_apt amd64 source --download-only "$1" && dpkg-source --no-check -x "$1"_*.dsc "$1") >&2 &&
		echo "$musl/src/$1"
}

# Each into $musl/root, static, so that nothing of this machine's libc comes near.
musl_openssl() {
	cd "$1" && ./Configure linux-x86_64 no-shared no-tests no-engine no-afalgeng no-async no-legacy no-dso CC="$musl/bin/cc" \
		--prefix="$musl/root" --libdir=lib --openssldir=/etc/ssl && make -j"$jobs" build_libs && make install_dev
}

musl_cares() {
	cd "$1" && ./configure --host=x86_64-linux-musl CC="$musl/bin/cc" --prefix="$musl/root" --disable-shared --enable-static \
		--disable-tests && make -j"$jobs" && make install
}

musl_bdb() {
	mkdir -p "$1/build_musl" && cd "$1/build_musl" && ../dist/configure CC="$musl/bin/cc" \
		--prefix="$musl/root" --disable-shared --enable-static --disable-replication && make -j"$jobs" libdb.a &&
		mkdir -p "$musl/root/lib" "$musl/root/include" && cp libdb.a "$musl/root/lib/" && cp db.h "$musl/root/include/"
}

musl_expat() {
	# Debian's source is the whole repository, without configure.
	cd "$1" && { [ ! -f expat/configure.ac ] || cd expat; } && { [ -x configure ] || autoreconf -fi; } &&
		./configure --host=x86_64-linux-musl CC="$musl/bin/cc" --prefix="$musl/root" --disable-shared --without-xmlwf \
			--without-examples --without-tests --without-docbook && make -j"$jobs" && make install
}

# Debian's musl has no crypt().
musl_xcrypt() {
	cd "$1" && { [ -x configure ] || autoreconf -fi; } && ./configure --host=x86_64-linux-musl CC="$musl/bin/cc" \
		--prefix="$musl/root" --disable-shared --disable-obsolete-api --disable-werror && make -j"$jobs" && make install
}

# The compiler, with the kernel's headers behind the C library's.
musl_compiler() {
	mkdir -p "$musl/bin" "$musl/kernel" && ln -sfn /usr/include/linux "$musl/kernel/linux" &&
		ln -sfn /usr/include/asm-generic "$musl/kernel/asm-generic" &&
		ln -sfn "$(dirname "$(ls -d /usr/include/asm/unistd.h /usr/include/*-linux-gnu/asm/unistd.h 2>/dev/null | head -n 1)")" "$musl/kernel/asm" &&
		printf '#!/bin/sh\nexec musl-gcc "$@" -idirafter %s\n' "$musl/kernel" >"$musl/bin/cc" && chmod +x "$musl/bin/cc"
}

musl_libraries() {
	musl=$cache/musl
	musl_compiler || { why="no place for the compiler's script"; return 1; }
	for lib in openssl:openssl c-ares:cares db5.3:bdb expat:expat libxcrypt:xcrypt; do
		[ -f "$musl/${lib#*:}.done" ] && continue
		private_apt amd64 update >"$work/musl.${lib#*:}.log" 2>&1
		(source=$(musl_source "${lib%:*}") && "musl_${lib#*:}" "$source") >>"$work/musl.${lib#*:}.log" 2>&1 || {
			why="${lib%:*} cannot be built: $(grep -E -m 1 '^E:|rror:|not found' "$work/musl.${lib#*:}.log")"
			return 1
		}
		: >"$musl/${lib#*:}.done"
		rm -rf "$musl/src"
	done
	rm -rf "$cache/apt-amd64/lists"
}

musl_line() {
	[ "$(uname -s) $(uname -m)" = "Linux x86_64" ] || { say skipped musl "only where the processor is x86_64"; return; }
	have apt-get && need dpkg-source dpkg-dev && need musl-gcc musl-tools ||
		{ say skipped musl "no musl-gcc (package musl-tools), or no packages of Debian"; return; }
	musl_libraries || { say skipped musl "$why"; return; }
	# musl's macros for control messages mix numbers of different signs.
	build_and_test musl "$work/musl/build" --host=x86_64-linux-musl CC="$musl/bin/cc" AR=ar RANLIB=ranlib PKG_CONFIG=false \
		CPPFLAGS="-isystem $musl/root/include" LDFLAGS="-L$musl/root/lib" CFLAGS="-g -O2 -Wno-sign-compare -Wno-sign-conversion"
}
