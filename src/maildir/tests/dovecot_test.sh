#!/bin/sh
# A Maildir that Dovecot used becomes ours, with UIDs, flags and keywords, and goes back to it. Dovecot sees nothing
# of our own files. Needs doveadm; skipped without it.
command -v doveadm >/dev/null 2>&1 || {
	echo "dovecot_test: skipped: no doveadm"
	exit 77
}
bin=$top_builddir/src/cmd
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
. "${top_srcdir:-.}/scripts/testlib.sh"
as=
uid=$(id -u)
gid=$(id -g)
if [ "$uid" -eq 0 ]; then # Dovecot reads no mail of root
	command -v runuser >/dev/null 2>&1 || {
		echo "dovecot_test: skipped: no runuser"
		exit 77
	}
	as='runuser -u nobody --'
	uid=$(id -u nobody)
	gid=$(id -g nobody)
	chown "$uid:$gid" "$dir"
fi
chmod 755 "$dir"
# The build folder may be closed to others.
for program in maildirmake maildirstat; do
	cp "$bin/$program" "$dir/" && chmod 755 "$dir/$program" || exit 2
done

cat >"$dir/dovecot.conf" <<END
base_dir = $dir/run
log_path = $dir/log
ssl = no
mail_location = maildir:$dir/Maildir:LAYOUT=maildir++
first_valid_uid = 1
first_valid_gid = 1
mail_uid = $uid
mail_gid = $gid
namespace inbox {
  inbox = yes
  separator = .
  prefix = INBOX.
}
END

do_as() {
	(cd "$dir" && $as env HOME="$dir" USER=somebody "$@" 2>"$dir/err" || cat "$dir/err")
}

dove() {
	do_as doveadm -c dovecot.conf "$@"
}

ours() {
	do_as ./maildirstat "$@" | sed 's/ uidvalidity=[0-9]*//'
}

do_as ./maildirmake Maildir
do_as ./maildirmake -f Sub Maildir
for i in 1 2 3 4 5; do
	printf 'Subject: m%s\n\nbody\n' $i >"$dir/Maildir/cur/170000000$i.M1P1Q$i.host:2,S"
done
[ -z "$as" ] || chown -R "$uid:$gid" "$dir/Maildir"
dove fetch uid mailbox INBOX >/dev/null
dove flags add work mailbox INBOX uid 2,4
dove flags add other mailbox INBOX uid 1
dove expunge mailbox INBOX uid 3
validity=$(dove mailbox status uidvalidity INBOX)
check import "$(ours Maildir)" "INBOX messages=4 unseen=0 bytes=72 uidnext=6
INBOX.Sub messages=0 unseen=0 bytes=0 uidnext=1"
check "their view" "$(dove mailbox list | LC_ALL=C sort)" "INBOX
INBOX.Sub"
check "their messages" "$(dove mailbox status 'messages uidnext' INBOX)" "INBOX messages=4 uidnext=6"
printf 'Subject: new\n\nbody\n' >"$dir/Maildir/new/1800000000.M1P1Q9.host"
[ -z "$as" ] || chown "$uid:$gid" "$dir/Maildir/new/1800000000.M1P1Q9.host"
check "new mail" "$(ours Maildir | head -n 1)" "INBOX messages=5 unseen=1 bytes=91 uidnext=7"
check export "$(ours --export dovecot Maildir)" ""
rm -f "$dir"/Maildir/dovecot.index*
check "their flags" "$(dove fetch 'uid flags' mailbox INBOX | tr -d '\f' | grep -v '^$' | paste -d ' ' - -)" \
	'uid: 1 flags: \Seen other
uid: 2 flags: \Seen work
uid: 4 flags: \Seen work
uid: 5 flags: \Seen
uid: 6 flags: \Recent'
check "their UIDs" "$(dove mailbox status uidvalidity INBOX)" "$validity"
check "their next" "$(dove mailbox status uidnext INBOX)" "INBOX uidnext=7"

check_end dovecot_test
