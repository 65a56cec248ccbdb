#!/bin/sh
# The service files of every system, run: a real instance of this build is started, asked, reloaded, restarted and stopped
# by them, under stand-ins (ports/tests/services) for what calls them on systems that are not this one.
#
#     services_test.sh         top_builddir and top_srcdir in the environment, as make check has them

: "${top_builddir:?}" "${top_srcdir:?}"
mocks=$top_srcdir/ports/tests/services
umask 022
work=$(mktemp -d "${TMPDIR:-/tmp}/services.XXXXXX") && chmod 755 "$work" || exit 2
passed=0
failed=0

# --- a complete instance without ports, in $work/i; $work/sbin/courier is its command --------------------------

mkdir -p "$work/i/etc" "$work/i/var" "$work/i/libexec/auth" "$work/sbin" "$work/libexec" "$work/odm" || exit 2
for program in "$top_builddir"/src/daemon/*/*; do
	name=${program##*/}
	[ -f "$program" ] && [ -x "$program" ] && [ "${program%/*/*}/$name/$name" = "$program" ] || continue
	cp "$program" "$work/i/libexec/$name"
done
cp "$top_builddir/src/auth/userdb/authuserdb" "$work/i/libexec/auth/authuserdb"
cp "$top_builddir/src/cmd/courier" "$work/courier"
echo services.example >"$work/i/etc/me"
# LOG: a file of the instance, not the machine's log.
echo "LOG=$work/i/var/log/mail.log" >"$work/i/etc/courierd"
cat >"$work/sbin/courier" <<END
#!/bin/sh
COURIER_INSTANCE=$work/i
export COURIER_INSTANCE
# As root the processes get uids of their own, which need no entries in passwd.
case \$(id -u),\$1 in
0,start | 0,restart) exec "$work/courier" "\$@" --process-uids 690000 ;;
esac
exec "$work/courier" "\$@"
END
chmod 755 "$work/sbin/courier"
if [ "$(id -u)" -eq 0 ]; then chown 0 "$work/i/etc"/*; fi

master() { cat "$work/i/var/courier.pid" 2>/dev/null; }
# A process that ended and was not yet waited for is Z; the system's first process may take its time.
is_alive() {
	[ -n "$(master)" ] && kill -0 "$(master)" 2>/dev/null || return 1
	case $(ps -o stat= -p "$(master)" 2>/dev/null) in Z*) return 1 ;; esac
}

over() {
	"$work/sbin/courier" stop >/dev/null 2>&1 || { is_alive && kill -KILL "$(master)"; }
	rm -rf "$work"
}
trap over EXIT
trap 'exit 130' INT TERM HUP

# A template's text with the folders of the instance, its foreign files being the stand-ins.
fill() {
	sed -e "s,[@]sbindir[@],$work/sbin,g" -e "s,[@]moduledir[@],$work/libexec,g" -e "s,[@]confdir[@],$work/i/etc,g" \
		-e "s,[@]statedir[@],$work/i/var,g" "$top_srcdir/$1.in" | sed -f "$top_builddir/ports/names.sed" |
		sed -e "s,/etc/rc\.d/rc\.subr,$mocks/rc.subr.openbsd," -e "s,\. /etc/rc\.subr,. $mocks/rc.subr," \
			-e "s,/lib/svc/share/smf_include\.sh,$mocks/smf_include.sh," -e "s,^PATH=,PATH=$work/bin:," >"$2" && case ${2##*/} in *.*) ;; *) chmod 755 "$2" ;; esac
}

# expect STATUS WHAT COMMAND...
expect() {
	want=$1 what=$2
	shift 2
	"$@" >"$work/out" 2>&1 </dev/null
	found=$?
	if [ $found -eq "$want" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $what: found status $found, expected $want"
		sed 's/^/    /' "$work/out"
	fi
}
expect_alive() { expect "$1" "$2: alive" is_alive; }

# lifecycle NAME STOPPED WRONG COMMAND...: what each of them must do. STOPPED: the status that says "not running", WRONG: that
# of a reload which the configuration forbids; a word that is not understood must not succeed.
lifecycle() {
	name=$1 stopped=$2 wrong=$3
	shift 3
	expect "$stopped" "$name status before the start" "$@" status
	expect 0 "$name start" "$@" start
	expect_alive 0 "$name start"
	expect 0 "$name start, when it runs" "$@" start
	expect 0 "$name status" "$@" status
	expect 0 "$name reload" "$@" reload
	echo 'ESMTP_TIMEOUT_DATA=soon' >>"$work/i/etc/courierd"
	expect "$wrong" "$name reload with a mistake" "$@" reload
	expect_alive 0 "$name reload with a mistake"
	sed '$d' "$work/i/etc/courierd" >"$work/out" && cat "$work/out" >"$work/i/etc/courierd"
	before=$(master)
	expect 0 "$name restart" "$@" restart
	expect_alive 0 "$name restart"
	expect 1 "$name restart: the same process" [ "$before" = "$(master)" ]
	expect 0 "$name stop" "$@" stop
	expect_alive 1 "$name stop"
	expect 0 "$name stop, when it does not run" "$@" stop
	expect "$stopped" "$name status after the stop" "$@" status
	if "$@" nonsense >/dev/null 2>&1; then
		failed=$((failed + 1))
		echo "FAILED: $name nonsense: succeeded"
	fi
}

# A start that the configuration forbids: $1 name, $2 status; no copy of an older configuration may be there.
forbidden() {
	name=$1 want=$2
	shift 2
	mv "$work/i/var/config.snapshot" "$work/snapshot" 2>/dev/null
	echo 'nonsense' >"$work/i/etc/imapd"
	expect "$want" "$name start with a mistake" "$@" start
	expect_alive 1 "$name start with a mistake"
	rm -f "$work/i/etc/imapd"
	mv "$work/snapshot" "$work/i/var/config.snapshot" 2>/dev/null
}

# --- init scripts, with every shell there is ------------------------------------------------------------------------

fill ports/posix/service/courier.init "$work/init"
shells=
for shell in dash ksh93 mksh posh yash bash sh; do
	command -v $shell >/dev/null 2>&1 && shells="$shells $shell"
done
for shell in $shells; do
	case $shell in
	dash | sh) lifecycle "init script ($shell)" 3 6 $shell "$work/init" ;;
	*)
		expect 0 "init script ($shell) start" $shell "$work/init" start
		expect 0 "init script ($shell) status" $shell "$work/init" status
		expect 0 "init script ($shell) stop" $shell "$work/init" stop
		expect 3 "init script ($shell) status after the stop" $shell "$work/init" status ;;
	esac
done
forbidden "init script" 6 sh "$work/init"
expect 0 "init script try-restart, when it does not run" sh "$work/init" try-restart
expect_alive 1 "init script try-restart"
expect 7 "init script reload, when it does not run" sh "$work/init" reload
expect 0 "init script force-reload, when it does not run" sh "$work/init" force-reload
expect_alive 0 "init script force-reload"
expect 0 "init script stop" sh "$work/init" stop
expect 2 "init script with a wrong word" sh "$work/init" nonsense
mv "$work/sbin/courier" "$work/sbin/away"
expect 5 "init script start, nothing installed" sh "$work/init" start
expect 0 "init script stop, nothing installed" sh "$work/init" stop
expect 4 "init script status, nothing installed" sh "$work/init" status
mv "$work/sbin/away" "$work/sbin/courier"

# --- rc.d of the BSDs ---------------------------------------------------------------------------------------------

MOCK_RCCONF=$work/rc.conf
export MOCK_RCCONF MOCK_SYSTEM
for MOCK_SYSTEM in freebsd netbsd; do
	fill ports/bsd/service/courier.$MOCK_SYSTEM "$work/$MOCK_SYSTEM"
	: >"$MOCK_RCCONF"
	want=1
	[ $MOCK_SYSTEM != netbsd ] || want=0
	expect $want "$MOCK_SYSTEM start, not enabled" sh "$work/$MOCK_SYSTEM" start
	expect_alive 1 "$MOCK_SYSTEM start, not enabled"
	printf 'courier_enable=YES\ncourier=YES\n' >"$MOCK_RCCONF"
	lifecycle $MOCK_SYSTEM 1 78 sh "$work/$MOCK_SYSTEM"
	forbidden $MOCK_SYSTEM 1 sh "$work/$MOCK_SYSTEM"
	expect 0 "$MOCK_SYSTEM configtest" sh "$work/$MOCK_SYSTEM" configtest
	: >"$MOCK_RCCONF"
	expect 0 "$MOCK_SYSTEM onestart" sh "$work/$MOCK_SYSTEM" onestart
	expect 0 "$MOCK_SYSTEM oneflush" sh "$work/$MOCK_SYSTEM" oneflush
	expect 0 "$MOCK_SYSTEM onedrain" sh "$work/$MOCK_SYSTEM" onedrain
	expect_alive 1 "$MOCK_SYSTEM onedrain"
done
fill ports/bsd/service/courier.openbsd "$work/openbsd"
cat >"$work/rcctl" <<END
#!/bin/sh
# rcctl has no status, its word is check.
case \$1 in status) set -- check ;; esac
\$OPENBSD_SHELL $work/openbsd "\$@" || exit 1
END
chmod 755 "$work/rcctl"
for OPENBSD_SHELL in mksh ksh93 sh; do
	export OPENBSD_SHELL
	if command -v $OPENBSD_SHELL >/dev/null 2>&1; then break; fi
done
lifecycle "openbsd ($OPENBSD_SHELL)" 1 1 "$work/rcctl"
forbidden openbsd 1 "$work/rcctl"

# --- SMF: the methods that the manifest names ----------------------------------------------------------------------

fill ports/solaris/service/svc-courier "$work/libexec/svc-courier"
fill ports/solaris/service/courier.xml "$work/courier.xml"
MOCK_PIDFILE=$work/i/var/courier.pid
export MOCK_PIDFILE
cat >"$work/svcadm" <<'END'
#!/bin/sh
# svcadm WORD MANIFEST: runs the method, as svc.startd does: not twice, and with the number of its contract.
is_online() { [ -f "$0.online" ]; }
method() {
	line=$(sed -n "s/.*<exec_method.* name=\"$1\" exec=\"\([^\"]*\)\" timeout_seconds=\"[0-9]*\".*/\1/p" "$2" | sed 's/%{restarter.contract}/4711/')
	[ -n "$line" ] || exit 3
	sh -c "SMF_FMRI=svc:/network/courier:default exec $line"
}
case $1 in
start) is_online || method start "$2" || exit 2; : >"$0.online" ;;
stop) ! is_online || method stop "$2" || exit 2; rm -f "$0.online" ;;
restart) sh "$0" stop "$2" && sh "$0" start "$2" ;;
reload) method refresh "$2" ;;
status) is_online ;;
*) exit 1 ;;
esac
END
cat >"$work/smf" <<END
#!/bin/sh
exec sh $work/svcadm "\$1" $work/courier.xml
END
chmod 755 "$work/smf"
lifecycle smf 1 96 "$work/smf"
forbidden "smf method" 96 sh "$work/libexec/svc-courier"
expect 0 "smf start" "$work/smf" start
# A server that is gone, or does not answer: what is left of the contract is ended.
kill -KILL "$(master)"
while is_alive; do sleep 1; done
expect 0 "smf stop of a dead server" "$work/smf" stop
if command -v xmllint >/dev/null 2>&1; then
	expect 0 "the manifest against the document type" \
		xmllint --noout --nonet --path "$mocks" --dtdvalid "$mocks/service_bundle.dtd" "$work/courier.xml"
else
	echo "the manifest was not validated: xmllint is missing"
fi

# --- the System Resource Controller ---------------------------------------------------------------------------------

mkdir "$work/bin"
for name in mkssys rmssys startsrc stopsrc lssrc refresh mkitab rmitab lsitab; do
	ln -s "$mocks/src" "$work/bin/$name"
done
MOCK_SRC=$work/odm
export MOCK_SRC
fill ports/aix/service/courier-src "$work/courier-src"
expect 1 "courier-src start, not registered" sh "$work/courier-src" start
expect 0 "courier-src register" sh "$work/courier-src" register
expect 0 "courier-src register again" sh "$work/courier-src" register
expect 0 "courier-src register: once in inittab" [ "$(grep -c '^courier:2:once:' "$work/odm/inittab")" -eq 1 ]
lifecycle "courier-src" 3 78 sh "$work/courier-src"
expect 0 "startsrc" "$work/bin/startsrc" -s courier
expect 0 "courier-src start, started by startsrc" sh "$work/courier-src" start
expect 0 "courier-src unregister, while it runs" sh "$work/courier-src" unregister
expect_alive 1 "courier-src unregister"
expect 1 "courier-src unregister: inittab" grep -q '^courier:' "$work/odm/inittab"

# --- systemd --------------------------------------------------------------------------------------------------------

fill ports/linux/systemd/courier.service "$work/courier.service"
if command -v python3 >/dev/null 2>&1; then
	expect 0 "the unit: ready, reload, end" python3 -B "$mocks/notify" "$work/courier.service"
	expect_alive 1 "the unit"
else
	echo "the unit was not run: python3 is missing"
fi
if command -v systemd-analyze >/dev/null 2>&1; then
	expect 0 "the unit: systemd-analyze verify" systemd-analyze verify --man=no "$work/courier.service"
	cp "$work/out" "$work/found"
	expect 1 "the unit: systemd-analyze finds mistakes" grep courier "$work/found"
else
	echo "the unit was not verified: systemd-analyze is missing"
fi

# --- users and groups, by the tools of each system ----------------------------------------------------------------

fill ports/posix/service/make-accounts "$work/make-accounts"
for name in groupadd useradd addgroup adduser pw mkgroup mkuser passwd; do
	cat >"$work/bin/$name" <<END
#!/bin/sh
echo "$name \$*" >>$work/called
END
	chmod 755 "$work/bin/$name"
done
printf '#!/bin/sh\nexit 1\n' >"$work/bin/id"
printf '#!/bin/sh\nexit 2\n' >"$work/bin/getent"
printf '#!/bin/sh\n[ "$1" = -s ] && echo "$MOCK_SYSTEM"\n' >"$work/bin/uname"
chmod 755 "$work/bin/id" "$work/bin/getent" "$work/bin/uname"
users=$(sh "$work/make-accounts" --list | sed -n 's/^user \([^ ]*\) .*/\1/p')
expect 0 "make-accounts: eight users" [ "$(echo "$users" | wc -l)" -eq 8 ]
for line in "Linux:groupadd -r :useradd -r " "FreeBSD:pw groupadd -n :pw useradd -n " "NetBSD:groupadd :useradd " \
	"OpenBSD:groupadd :useradd " "SunOS:groupadd :useradd " "AIX:mkgroup :mkuser "; do
	MOCK_SYSTEM=${line%%:*} user_tool=${line##*:}
	group_tool=${line#*:} group_tool=${group_tool%:*}
	: >"$work/called"
	expect 0 "make-accounts on $MOCK_SYSTEM" sh "$work/make-accounts"
	for user in $users; do
		expect 0 "make-accounts on $MOCK_SYSTEM: user $user" grep -q -E "^$user_tool.*$user" "$work/called"
		expect 0 "make-accounts on $MOCK_SYSTEM: group $user" grep -q "^$group_tool$user" "$work/called"
	done
	expect 0 "make-accounts on $MOCK_SYSTEM: drop group" grep -q "^${group_tool}crdrop" "$work/called"
done
MOCK_SYSTEM=Plan9
expect 1 "make-accounts on a system it does not know" sh "$work/make-accounts"
printf '#!/bin/sh\nexit 0\n' >"$work/bin/id"
printf '#!/bin/sh\nexit 0\n' >"$work/bin/getent"
: >"$work/called"
MOCK_SYSTEM=Linux
expect 0 "make-accounts, all there" sh "$work/make-accounts"
expect 1 "make-accounts, all there: nothing called" grep -q . "$work/called"

echo "services_test: $passed passed, $failed failed (shells:$shells)"
[ $failed -eq 0 ]
