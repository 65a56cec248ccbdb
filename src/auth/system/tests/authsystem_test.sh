# authpwd and authpam on their standard input and output, as authdaemond uses them. As root, also with passwords: over
# a passwd and a shadow table of the test's own, which only a mount namespace of its own sees.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
. "${top_srcdir:-.}/scripts/testlib.sh"
skipped=
bin=${top_builddir:-.}/src/auth/system

ask() { # program, printf words
	printf "$2" | "$1"
	echo "status $?"
}
# login SERVICE USER PASSWORD: the request as printf words
login() {
	text=$(printf '%s\\nlogin\\n%s\\n%s\\n' "$1" "$2" "$3")
	printf 'AUTH %d\\n%s' "$(printf "$text" | wc -c)" "$text"
}

# Somebody whom the system knows and who may have mail.
line=$(awk -F: '$3 >= 100 && $6 ~ /^\// { print; exit }' /etc/passwd)
name=$(echo "$line" | cut -d: -f1)
for program in "$bin/authpwd" "$bin/authpam"; do
	[ -x "$program" ] || [ "${program##*/}" = authpwd ] || continue
	word=${program##*/}
	if [ -n "$name" ]; then
		check "$word: who" "$(ask "$program" "PRE . courier $name\n" | grep -v ^NAME=)" "UID=$(echo "$line" | cut -d: -f3)
GID=$(echo "$line" | cut -d: -f4)
HOME=$(echo "$line" | cut -d: -f6)
ADDRESS=$name
.
status 0"
		check "$word: in the list" "$(ask "$program" 'ENUMERATE\n' | grep -c "^$name	")" 1
	fi
	check "$word: the list" "$(ask "$program" 'ENUMERATE\n' | sed -n '1p;$p' | tr '\n' ' ')" "# $word status 0 "
	check "$word: root has no mail here" "$(ask "$program" 'PRE . courier root\n')" "FAIL
status 0"
	for user in no-such-user -f ../x 'a b' 'a@b' 'a\\x2fb'; do
		check "$word: $user" "$(ask "$program" "PRE . courier $user\nPRE . imap root\n")" "FAIL
FAIL
status 0"
	done
	check "$word: password of nobody there" "$(ask "$program" "$(login imap no-such-user x)")" "FAIL
status 0"
	check "$word: no passwords are changed" "$(ask "$program" 'PASSWD imap\tx\told\tnew\n')" "FAIL
status 0"
	check "$word: nonsense" "$(ask "$program" 'HELLO\n')" "status 75"
done

# --- passwords ---------------------------------------------------------------
cat >"$dir/inside" <<'INSIDE'
dir=$1
. "$dir/functions"
mount --bind "$dir/passwd" /etc/passwd && mount --bind "$dir/shadow" /etc/shadow || exit 9
for program in "$bin/authpwd" "$bin/authpam"; do
	[ -x "$program" ] || continue
	word=${program##*/}
	check "$word: right" "$(ask "$program" "$(login imap mailtest 'pass word')" | sed -n 1p)" UID=54321
	check "$word: again, another service" "$(ask "$program" "$(login pop3 mailtest 'pass word')PRE . imap mailtest\n" | grep -c UID=54321)" 2
	check "$word: wrong" "$(ask "$program" "$(login imap mailtest 'pass worD')")" "FAIL
status 0"
	check "$word: empty" "$(ask "$program" "$(login imap mailopen '')")" "FAIL
status 0"
	check "$word: expired" "$(ask "$program" "$(login imap mailold 'pass word')")" "FAIL
status 0"
	check "$word: a service that is a path" "$(ask "$program" "$(login ../imap mailtest 'pass word')")" "FAIL
status 0"
	# Without rights it cannot say; with mode 4755 it can.
	cp "$program" "$dir/$word" && chmod 755 "$dir" "$dir/$word"
	printf '#!/bin/sh\nexec setpriv --reuid 65534 --regid 65534 --clear-groups "%s"\n' "$dir/$word" >"$dir/as-nobody"
	chmod 755 "$dir/as-nobody"
	check "$word: without rights" "$(ask "$dir/as-nobody" "$(login imap mailtest 'pass word')" | grep -c UID)" 0
	chmod 4755 "$dir/$word"
	check "$word: with root's" "$(ask "$dir/as-nobody" "$(login imap mailtest 'pass word')" | sed -n 1p)" UID=54321
done
echo "$passed $failed" >"$dir/result"
INSIDE
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null && unshare -m true 2>/dev/null; then
	hash=$("${top_builddir:-.}/src/cmd/userdbpw" -md5 <<-P
	pass word
	pass word
	P
	)
	{ cat /etc/passwd; printf 'mail%s:x:54321:54321::/home/m:/bin/sh\n' test open old; } >"$dir/passwd"
	{ cat /etc/shadow; echo "mailtest:$hash:19000:0:99999:7:::"; echo 'mailopen::19000:0:99999:7:::'
		echo "mailold:$hash:19000:0:99999:7::100:"; } >"$dir/shadow"
	chmod 600 "$dir/shadow"
	{ cat "${top_srcdir:-.}/scripts/testlib.sh"; echo "bin='$bin'"; sed -n '/^ask()/,/^}/p; /^login()/,/^}/p' "$0"; } >"$dir/functions"
	unshare -m sh "$dir/inside" "$dir" 2>&1
	read -r more bad <"$dir/result" || more=0 bad=1
	passed=$((passed + more)) failed=$((failed + bad))
else
	skipped=' (passwords skipped: not root, or no mount namespaces)'
fi

check_end authsystem_test "$skipped"
