#!/bin/sh
# Plays every scenario of the SMTP client in process; then shows that the player notices what is wrong.
player=$top_builddir/conformance/inproc/clientplay
failed=0
find "$top_srcdir/conformance/smtp-client" -name '*.scn' | sort | xargs "$player" || failed=1
for f in "$top_srcdir"/conformance/inproc/tests/clientfails_*.txt; do
	if "$player" "$f" >/dev/null 2>&1; then
		echo "$f passed and must not"
		failed=1
	fi
done
exit $failed
