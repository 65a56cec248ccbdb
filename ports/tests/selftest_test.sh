#!/bin/sh
# The self test knows each contract of src/os, and its report is whole. What it finds is not judged here: the contract tests are
# tests of their own.
: "${top_builddir:?}" "${top_srcdir:?}"
selftest=$top_builddir/ports/selftest/selftest
out=$(mktemp "${TMPDIR:-/tmp}/selftest.XXXXXX") || exit 2
trap 'rm -f "$out"' EXIT
passed=0
failed=0
expect() {
	what=$1
	shift
	if "$@" >/dev/null; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $what"; fi
}
for header in "$top_srcdir"/src/os/*.h; do
	name=${header##*/}
	expect "src/os/$name has no row in the self test" sh -c "'$selftest' --list | grep -x '${name%.h}'"
done
expect "a report of two contracts" sh -c "'$selftest' spawn clock >'$out'"
for words in '^uname ' '^poller ' '^fsync of a folder ' '^O_NOFOLLOW on a link ' '^descriptors under way ' '^crypt ' \
	'^selftest: 2 passed, 0 failed, 0 skipped'; do
	expect "the report has no line $words" grep "$words" "$out"
done
"$selftest" --nonsense >"$out" 2>&1
expect "wrong use has status 2" test $? -eq 2
echo "selftest_test: $passed passed, $failed failed"
[ $failed -eq 0 ]
