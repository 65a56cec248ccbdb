#!/bin/sh
# maildirmake: a Maildir, folders, quota, older names; and what it refuses. maildirstat.
make=$top_builddir/src/cmd/maildirmake
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
passed=0
failed=0

ok() {
	name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$name: failed: $*"
	fi
}

says() { # STATUS COMMAND...
	want=$1
	shift
	"$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ "$got" -eq "$want" ] || echo "status $got, want $want: $*"
	[ "$got" -eq "$want" ]
}

cd "$dir" || exit 2
ok make says 0 "$make" Maildir
ok parts [ -d Maildir/cur ] && ok parts [ -d Maildir/new ] && ok parts [ -d Maildir/tmp ]
ok mode [ "$(ls -ld Maildir | cut -c1-10)" = drwx------ ]
ok again says 69 "$make" Maildir/
ok nowhere says 74 "$make" none/Maildir
ok usage says 64 "$make"
ok usage says 64 "$make" -x Maildir
ok folder says 0 "$make" -f Lists.work Maildir
ok folder [ -f Maildir/.Lists.work/maildirfolder ]
ok parent [ -d Maildir/.Lists/cur ]
ok folder_again says 69 "$make" -f Lists.work Maildir
ok folder_bad says 64 "$make" -f a..b Maildir
ok folder_bad says 64 "$make" -f a/b Maildir
ok folder_bad says 64 "$make" -f .. Maildir
ok folder_none says 74 "$make" -f a Maildir/cur
printf 'Subject: x\n\n' >Maildir/cur/1.a:2,
ok quota says 0 "$make" -q 1000S,10C Maildir
ok quota [ "$(head -n 1 Maildir/maildirsize)" = 1000S,10C ]
ok counted grep -q '^12 1 ' Maildir/maildirsize
ok quota_bad says 64 "$make" -q lots Maildir
mkdir -p 'Maildir/.Entw&APw-rfe/cur'
ok check says 0 "$make" --checkutf8 Maildir
ok check grep -q 'Entw&APw-rfe: .Entwürfe' out
ok check [ -d 'Maildir/.Entw&APw-rfe' ]
ok convert says 0 "$make" --convutf8 Maildir
ok convert [ -d Maildir/.Entwürfe/cur ]

# maildirstat: counted, exported, and read back where our own facts are gone
stat=$top_builddir/src/cmd/maildirstat
printf 'Subject: y\n\nline\n' >Maildir/new/2.b
ok stat says 0 "$stat" Maildir
ok stat grep -q '^INBOX messages=2 unseen=2 bytes=29 uidvalidity=[0-9]* uidnext=3$' out
ok stat grep -q '^INBOX.Lists.work messages=0 ' out
validity=$(sed -n 's/^INBOX .*uidvalidity=\([0-9]*\) .*/\1/p' out)
for server in courier dovecot; do
	ok "export $server" says 0 "$stat" --export $server Maildir
	rm -rf Maildir/courierindex Maildir/.*/courierindex
	sleep 1
	ok "back $server" says 0 "$stat" Maildir
	ok "back $server" grep -q "^INBOX messages=2 .*uidvalidity=$validity uidnext=3\$" out
	rm -f Maildir/courierimapuiddb
done
ok courier [ "$(sed 's/ .*//' Maildir/courierpop3dsizelist | head -n 1)" = /3 ]
ok courier grep -q "^2.b 20 2:$validity:0\$" Maildir/courierpop3dsizelist
ok dovecot [ "$(tail -n 1 Maildir/dovecot-uidlist)" = '2 :2.b' ]
ok usage says 64 "$stat" --export cyrus Maildir
ok none says 74 "$stat" none

echo "maildirmake_test: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
