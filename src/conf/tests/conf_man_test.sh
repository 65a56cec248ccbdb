# The committed manual page and sample files are those the rows make. UPDATE=1 writes them.
passed=0
failed=0

compare() {
	file=$top_srcdir/$1
	shift
	if [ -n "$UPDATE" ]; then ./conf_man "$@" >"$file" || exit 1; fi
	if ./conf_man "$@" | cmp -s - "$file"; then
		passed=$((passed + 1))
	else
		echo "$file is not what \`conf_man $*\` prints; run: UPDATE=1 top_srcdir=$top_srcdir sh $0"
		failed=$((failed + 1))
	fi
}

compare docs/man/courier-config.5
for name in courierd esmtpd esmtpd-msa esmtpd-ssl imapd imapd-ssl pop3d pop3d-ssl authdaemonrc module.local module.esmtp module.dsn; do
	compare "src/conf/samples/$name" "$name"
done
if ./conf_man nosuchfile >/dev/null; then
	echo "conf_man nosuchfile: found status 0, expected another"
	failed=$((failed + 1))
else
	passed=$((passed + 1))
fi
echo "conf_man: $passed passed, $failed failed"
[ $failed -eq 0 ]
