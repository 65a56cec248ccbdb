#!/bin/sh
# Plays every scenario in process; then shows that the player notices what is wrong.
player=$top_builddir/conformance/inproc/scnplay
here=$top_srcdir/conformance/inproc/tests
failed=0
# CHECK_LEAVE_OUT names what cannot run where the tests run ("scenarios:imap/append/large.scn ...").
leave_out=$(echo "${CHECK_LEAVE_OUT:-}" | tr ' ' '\n' | sed -n 's,^scenarios:,/conformance/,p')
find "$top_srcdir/conformance/smtp" "$top_srcdir/conformance/imap" \
	"$top_srcdir/conformance/pop3" -name '*.scn' | sort |
	if [ -n "$leave_out" ]; then grep -v -F "$leave_out"; else cat; fi | xargs "$player" || failed=1

# Each file below must fail, and each malformed one be refused with these words.
for f in "$here"/fails_*.scn; do
	if "$player" "$f" >/dev/null 2>&1; then
		echo "$f passed and must not"
		failed=1
	fi
done
for f in "$here"/malformed_*.scn; do
	"$player" "$f" 2>&1 >/dev/null | sed 's,^[^ ]*/,,' | diff - "${f%.scn}.txt" || failed=1
done
exit $failed
