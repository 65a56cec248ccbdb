#!/bin/sh
# What processors of both byte orders wrote, stored beside, is opened, compared and changed here, twice; and what this
# processor writes. ports/tests/byteorder.d/make makes the stored files.
here=$top_srcdir/ports/tests/byteorder.d
program=$top_builddir/ports/tests/byteorder
dir=$(mktemp -d "${TMPDIR:-/tmp}/byteo.XXXXXX") || exit 2
trap 'rm -rf "$dir"' EXIT
passed=0
failed=0

run() {
	if "$program" "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

for order in big-endian little-endian; do
	mkdir "$dir/$order" && gzip -dc "$here/$order.tar.gz" | (cd "$dir/$order" && tar xf -) || failed=$((failed + 1))
	run turn "$dir/$order"
	run turn "$dir/$order"
done
mkdir "$dir/own"
run write "$dir/own"
run turn "$dir/own"

# A file with one bit turned must be noticed: else the comparison looks at nothing.
facts=$dir/own/home/Maildir/courierindex/facts
size=$(wc -c <"$facts")
{
	head -c 40 "$facts"
	printf 'x'
	tail -c +42 "$facts"
} >"$facts.changed" && [ "$(wc -c <"$facts.changed")" -eq "$size" ] && cat "$facts.changed" >"$facts" && rm -f "$facts.changed"
if "$program" turn "$dir/own" >"$dir/log" 2>&1; then
	echo "damaged facts were not noticed"
	failed=$((failed + 1))
else
	passed=$((passed + 1))
fi
echo "byteorder_test: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
