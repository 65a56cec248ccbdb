# sendmail against a server that does as it is told.
command -v python3 >/dev/null 2>&1 || {
	echo "python3 is missing"
	exit 77
}
exec python3 -B "$top_srcdir/src/cmd/tests/sendmail_test.py" "$top_builddir/src/cmd/sendmail"
