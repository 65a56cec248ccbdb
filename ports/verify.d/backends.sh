# Each implementation that --with-X can force here: the build, its contract tests, a server that is made of it and answers
# scenarios on the wire; and what a wrong value is told. Sourced by ports/verify.
# shellcheck shell=sh

# Each row is a build; together they have every implementation that Linux has, also beside others than it usually stands.
backend_rows='poll poll none
epoll poll linux
poll inotify linux
epoll inotify none'

# What a build must be able to do, with the programs of its own.
backend_tests="ports/tests/poller_test ports/tests/sandbox_linux_test src/ext/tests/sandbox_libs_test ports/tests/dirwatch_floor_test src/net/tests/loop_test
src/daemon/imapd/tests/imapd_test.sh src/ext/tests/tls_test src/daemon/tests/master_test.sh"

# refused OPTION WORDS: configure must fail and say so.
refused() {
	mkdir -p "$work/backends/wrong" || return 1
	if (cd "$work/backends/wrong" && "$top/configure" -q "$1") >"$work/backends/wrong.log" 2>&1; then
		echo "configure $1 did not fail"
		return 1
	fi
	grep -F -q -e "$2" "$work/backends/wrong.log" || { echo "configure $1 says: $(grep -m 1 error "$work/backends/wrong.log")"; return 1; }
}

backend_mail() { # FOLDER NAME: an instance of this build answers on the wire
	dir=$(mktemp -d "${TMPDIR:-/tmp}/backend.XXXXXX") && chmod 755 "$dir" || return 1
	python3 "$top/tools/sandbox" start "$dir/i" --build "$1" >"$work/backends/$2.wire.log" 2>&1 &&
		python3 "$top/conformance/run" --env "$dir/i/env" --only smtp/data >>"$work/backends/$2.wire.log" 2>&1 &&
		python3 "$top/conformance/run" --env "$dir/i/env" --only imap/idle >>"$work/backends/$2.wire.log" 2>&1
	backend_status=$?
	python3 "$top/tools/sandbox" stop "$dir/i" >>"$work/backends/$2.wire.log" 2>&1 || python3 "$top/tools/sandbox" kill "$dir/i" >>"$work/backends/$2.wire.log" 2>&1
	rm -rf "$dir"
	return $backend_status
}

# One row: true when all of it works; else $why.
backend_one() {
	name=$1-$2-$3 folder=$work/backends/$1-$2-$3
	why=
	configured "$folder" --with-poller="$1" --with-dirwatch="$2" --with-sandbox="$3" || { why="configure: $(grep -m 1 error "$folder.configure.log")"; return 1; }
	for pair in "poller $1" "dirwatch $2" "sandbox $3"; do
		grep -q "^  ${pair%% *}  *${pair#* } (forced by --with-${pair%% *}; here: " "$folder.configure.log" || { why="the summary does not say ${pair#* }"; return 1; }
	done
	make -C "$folder" -k -j"$jobs" all check TESTS= >"$work/backends/$name.log" 2>&1 || { why="the build fails: $work/backends/$name.log"; return 1; }
	run=
	for t in $backend_tests; do
		case $t in *.sh) run="$run $t" ;; *) [ ! -x "$folder/$t" ] || run="$run $t" ;; esac
	done
	make -C "$folder" -k check TESTS="$run" >>"$work/backends/$name.log" 2>&1 || { why="$(grep -m 1 FAILED "$work/backends/$name.log")"; return 1; }
	backend_mail "$folder" "$name" || { why="on the wire: $(tail -n 1 "$work/backends/$name.wire.log")"; return 1; }
	[ "${KEEP:-}" ] || rm -rf "$folder"
}

backends_line() {
	[ "$(uname -s)" = Linux ] || { say skipped backends "the rows are those of Linux"; return; }
	mkdir -p "$work/backends"
	{
		refused --with-poller=best 'found "best", expected one of: evport epoll kqueue pollset poll' &&
			refused --with-poller=kqueue 'this system does not have what it needs; expected one of: epoll poll' &&
			refused --with-dirwatch=best 'found "best", expected one of: evport inotify kqueue poll' &&
			refused --with-sandbox=pledge 'this system does not have what it needs; expected one of: linux none'
	} >"$work/backends/refused.log" || { say failed backends "$(head -n 1 "$work/backends/refused.log")"; return; }
	done=
	while read -r poller dirwatch sandbox <&3; do
		backend_one "$poller" "$dirwatch" "$sandbox" || { say failed backends "$poller $dirwatch $sandbox: $why"; return; }
		done="$done, $poller+$dirwatch+$sandbox"
	done 3<<-ROWS
	$backend_rows
	ROWS
	say verified backends "built, tested, answering on the wire: ${done#, }; wrong values refused by name"
}
