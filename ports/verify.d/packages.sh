# Packages and service files, made and tried here. Sourced by ports/verify.
# shellcheck shell=sh

# A build of this machine in $native, once for all lines of this file.
native_build() {
	native=$work/native
	[ ! -f "$native/done" ] || return 0
	mkdir -p "$native" && (cd "$native" && "$top/configure" -q && make -j"$jobs") >"$work/native.log" 2>&1 && : >"$native/done"
}

# Each service file starts, reloads and stops a server; systemd's own tools look at the unit.
services_line() {
	native_build || { say failed services "the build fails"; mistakes "$work/native.log"; return; }
	if ! (top_builddir=$native top_srcdir=$top sh "$top/ports/tests/services_test.sh") >"$work/services.log" 2>&1; then
		say failed services "$(tail -n 1 "$work/services.log")"
		mistakes "$work/services.log"
		return
	fi
	exposure='systemd-analyze is not here'
	if need systemd-analyze systemd; then
		cp "$native/ports/linux/systemd/courier.service" "$work/courier.service"
		exposure=$(systemd-analyze security --offline=yes --no-pager "$work/courier.service" 2>/dev/null | sed -n 's/.*exposure level for [^:]*: \([0-9.]*\).*/\1/p')
		# 3.9 when this was written; what is left open is said in the unit.
		case $exposure in [0-3].* | 4.[01]) exposure="exposure $exposure" ;; *) say failed services "systemd-analyze security: exposure $exposure, expected at most 4.1"; return ;; esac
	fi
	say verified services "$(sed -n 's/^services_test: //p' "$work/services.log"); $exposure"
}

# dpkg-buildpackage, lintian, and the package on a bare Debian.
debian_line() {
	need dpkg-buildpackage dpkg-dev && need dh debhelper || { say skipped debian "no dpkg-buildpackage and debhelper"; return; }
	mkdir -p "$work/debian"
	DEB_BUILD_OPTIONS="parallel=$jobs" "$top/ports/linux/mkdeb" --nocheck "$work/debian" >"$work/debian.log" 2>&1 || {
		say failed debian "dpkg-buildpackage"
		mistakes "$work/debian.log"
		return
	}
	words=built
	if need lintian lintian; then
		found=$(cd "$work/debian" && lintian --allow-root --fail-on error,warning ./*.changes 2>&1) || {
			say failed debian "lintian: $(echo "$found" | grep '^[EW]:' | head -n 1)"
			return
		}
		words="$words, lintian has nothing to say"
	fi
	root=$cache/debian-root.tar
	if [ ! -f "$root" ] && [ "$(id -u)" -eq 0 ] && need debootstrap debootstrap; then
		# Its mounts end with it, whatever happens.
		unshare -m debootstrap --variant=minbase "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" "$work/debian-root" >"$work/debootstrap.log" 2>&1 &&
			tar -C "$work/debian-root" -cf "$root.new" . && mv "$root.new" "$root"
		rm -rf "$work/debian-root"
	fi
	if [ ! -f "$root" ]; then
		say verified debian "$words; not tried: no root or no debootstrap"
		return
	fi
	need systemd-nspawn systemd-container
	for trial in debian_test systemd_test; do
		"$top/ports/tests/$trial" "$(ls "$work"/debian/courier_*.deb)" "$root" >"$work/$trial.log" 2>&1
		case $? in
		0 | 77) words="$words; $(tail -n 1 "$work/$trial.log")" ;;
		*)	say failed debian "$(tail -n 1 "$work/$trial.log")"
			mistakes "$work/$trial.log"
			return ;;
		esac
	done
	say verified debian "$words"
}

# rpmbuild of the source and of the binary package, from the archive of make dist.
rpm_line() {
	need rpmbuild rpm || { say skipped rpm "no rpmbuild"; return; }
	native_build || { say failed rpm "the build fails"; mistakes "$work/native.log"; return; }
	mkdir -p "$work/rpm/SOURCES"
	(cd "$native" && make -s dist && mv courier-*.tar.gz "$work/rpm/SOURCES/") >"$work/rpm.log" 2>&1 &&
		python3 -B "$top/ports/skeletons" write "$work/rpm/skeletons" "$(ls "$work"/rpm/SOURCES/*.tar.gz)" >>"$work/rpm.log" 2>&1 || {
		say failed rpm "the archive, or the skeletons"
		mistakes "$work/rpm.log"
		return
	}
	# The libraries are Debian's: rpm does not know them; nor does Debian have the macros of systemd.
	if rpmbuild --define "_topdir $work/rpm" --define "_smp_mflags -j$jobs" --define "_unitdir /usr/lib/systemd/system" \
		--define "_sysusersdir /usr/lib/sysusers.d" --define "_tmpfilesdir /usr/lib/tmpfiles.d" --nodeps --nocheck \
		-ba "$work/rpm/skeletons/rpm/courier.spec" >>"$work/rpm.log" 2>&1; then
		say verified rpm "source and binary package, $(rpm -qlp "$work"/rpm/RPMS/*/courier-[0-9]*.rpm 2>/dev/null | wc -l) paths"
	else
		say failed rpm "rpmbuild"
		mistakes "$work/rpm.log"
	fi
}
