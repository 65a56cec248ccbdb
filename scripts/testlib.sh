# What tests in shell share; read by them: . "$top_srcdir/scripts/testlib.sh"
passed=0 failed=0

# check NAME GOT WANT
check() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf '%s: got\n%s\nwant\n%s\n' "$1" "$2" "$3"
	fi
}

# The closing line, and the status of the test.
check_end() { # NAME [WORDS]
	echo "$1: $passed passed, $failed failed${2-}"
	[ "$failed" -eq 0 ]
}
