# Other processors of Linux: a cross compiler of Debian, libraries of Debian for that processor unpacked into the cache,
# and the whole suite run there: natively (i386) or by qemu-user. Sourced by ports/verify.
# shellcheck shell=sh

sysroot_packages="libc6-dev libssl-dev libc-ares-dev libdb5.3-dev libcrypt-dev libpcre2-dev libidn2-dev zlib1g-dev libexpat1-dev libpam0g-dev"

# sysroot ARCH: $root gets the headers and libraries of that processor.
sysroot() {
	root=$cache/$1/root
	[ "$(cat "$cache/$1/done" 2>/dev/null)" = "$sysroot_packages" ] && return 0
	rm -rf "${root:?}"
	have apt-get && have dpkg-deb || { why="no apt-get: the libraries are packages of Debian"; return 1; }
	log=$work/$1.sysroot.log
	# shellcheck disable=SC2086
	{ private_apt "$1" update && private_apt "$1" install -y --download-only $sysroot_packages; } >"$log" 2>&1 || {
		why="Debian's packages for $1 cannot be had: $(grep -m 1 '^E:' "$log")"
		return 1
	}
	mkdir -p "$root" && for deb in "$cache/apt-$1"/archives/*.deb; do
		dpkg-deb -x "$deb" "$root" || { why="dpkg-deb: $deb"; return 1; }
	done
	# Links to absolute paths would lead the linker out of there.
	find "$root" -type l -lname '/*' | while read -r link; do
		ln -sfn "$root$(readlink "$link")" "$link"
	done
	rm -rf "${root:?}/usr/share" "$cache/apt-$1/archives" "$cache/apt-$1/lists"
	echo "$sysroot_packages" >"$cache/$1/done"
}

# The compiler as configure and make call it: what is linked becomes a script that runs the program by its own loader, or in
# qemu, so that a test may start other programs of the build as it does elsewhere. $1 line, $2 compiler, $3 triplet, $4 qemu or -
wrap_compiler() {
	bin=$work/$1/bin
	mkdir -p "$bin" || return 1
	# -idirafter: the compiler's own C library comes first, and is the same.
	search="-B$root/usr/lib/$3 -B$root/lib/$3 -L$root/usr/lib/$3 -L$root/lib/$3 -Wl,-rpath-link,$root/usr/lib/$3:$root/lib/$3"
	search="--sysroot=$root -isystem $root/usr/include/$3 $search"
	loader=$(cd "$root" && for l in lib/ld-linux.so.2 lib/ld64.so.1 lib/ld-linux-armhf.so.3 lib64/ld64.so.1; do [ ! -e $l ] || echo $l; done | head -n 1)
	if [ "$4" = - ]; then
		search="$search -Wl,--dynamic-linker=$root/$loader -Wl,-rpath,$root/usr/lib/$3:$root/lib/$3"
		printf '#!/bin/sh\nexec %s "$@" %s\n' "$2" "$search" >"$bin/cc"
	else
		cat >"$bin/cc" <<-W
		#!/bin/sh
		$2 "\$@" $search || exit
		out=
		for a; do
			case \$a in -c | -E | -S | -v | --version | -print*) exit 0 ;; esac
			[ "\$out" != next ] || out=\$a
			[ "\$a" != -o ] || out=next
		done
		[ -n "\$out" ] && [ -f "\$out" ] || exit 0
		case \$out in /*) ;; *) out=\$PWD/\$out ;; esac
		mv -f "\$out" "\$out.elf" &&
			printf '#!/bin/sh\nexec %s -L %s -0 "\$0" %s "\$@"\n' $4 $root "\$out.elf" >"\$out" && chmod +x "\$out"
		W
	fi
	chmod +x "$bin/cc"
}

# foreign LINE ARCH TRIPLET COMPILER-PACKAGE QEMU OPTION...: build and suite.
foreign() {
	line=$1 arch=$2 triplet=$3 package=$4 qemu=$5
	shift 5
	compiler=${package#gcc-}-gcc
	need "$compiler" "$package" || { say skipped "$line" "no $compiler (package $package)"; return; }
	[ "$qemu" = - ] || need "$qemu" qemu-user-static || { say skipped "$line" "no $qemu (package qemu-user-static)"; return; }
	sysroot "$arch" || { say skipped "$line" "$why"; return; }
	wrap_compiler "$line" "$compiler" "$triplet" "$qemu" || { say failed "$line" "no place for the compiler's script"; return; }
	printf 'int main(void) { return 0; }\n' >"$work/$line/run.c"
	if ! "$work/$line/bin/cc" "$work/$line/run.c" -o "$work/$line/run" >"$work/$line/run.log" 2>&1 || ! "$work/$line/run" >>"$work/$line/run.log" 2>&1; then
		say skipped "$line" "a program that does nothing does not run: $(tail -n 1 "$work/$line/run.log")"
		return
	fi
	GCONV_PATH=$root/usr/lib/$triplet/gconv
	export GCONV_PATH
	build_and_test "$line" "$work/$line/build" --host="${package#gcc-}" CC="$work/$line/bin/cc" AR="${package#gcc-}-ar" \
		RANLIB="${package#gcc-}-ranlib" PKG_CONFIG=false "$@"
	unset GCONV_PATH
}

# build_and_test LINE FOLDER OPTION...: configure, make, the suite; says the verdict.
build_and_test() {
	line=$1 folder=$2
	shift 2
	mkdir -p "$folder"
	if ! (cd "$folder" && "$top/configure" -q --prefix=/usr/local --enable-werror "$@") >"$work/$line.configure.log" 2>&1; then
		say failed "$line" "configure"
		grep -m 3 error "$work/$line.configure.log" | sed 's/^/          | /'
		return 1
	fi
	if ! make -C "$folder" -k -j"$jobs" >"$work/$line.make.log" 2>&1; then
		say failed "$line" "the build fails; all of it: $work/$line.make.log"
		mistakes "$work/$line.make.log"
		return 1
	fi
	if suite "$line" "$folder"; then
		say verified "$line" "$suite_words$also"
	else
		say failed "$line" "$suite_words; all of it: $log"
		mistakes "$log"
	fi
	[ -z "$left" ] || printf '%s\n' "$left" | awk 'NF'
}
