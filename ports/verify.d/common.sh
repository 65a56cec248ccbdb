# What the lines of ports/verify share: words, the cache, packages, the suite of a build folder. Sourced, not run.
# shellcheck shell=sh

# say VERDICT LINE WORDS: verified, skipped or failed; the seconds since the line began stand behind.
say() {
	printf '%-9s %-16s %s (%d s)\n' "$1" "$2" "$3" $(($(date +%s) - begun))
	case $1 in failed) failed=$((failed + 1)) ;; verified) passed=$((passed + 1)) ;; *) skipped=$((skipped + 1)) ;; esac
}

have() { command -v "$1" >/dev/null 2>&1; }

# The first mistakes of a log, indented, below a failed line.
mistakes() {
	grep -E '([^a-z_]|^)(error|undefined reference)([: ]|$)|FAILED|Error [0-9]|: not found' "$1" | head -n 12 | cut -c 1-200 | sed 's/^/          | /'
}

# need PROGRAM PACKAGE: programs of the proof itself; installed where we may, with Debian's own manager.
need() {
	have "$1" && return 0
	[ "$(id -u)" -eq 0 ] && have apt-get || return 1
	apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "$2" >>"$work/packages.log" 2>&1 || return 1
	have "$1"
}

# Packages of Debian without touching the system's own list of them: everything of this apt lies in $cache/apt-ARCH.
# private_apt ARCH OPTION...
private_apt() {
	arch=$1
	shift
	apt=$cache/apt-$arch
	[ -f "$apt/sources.list" ] || {
		mkdir -p "$apt/lists/partial" "$apt/archives/partial" || return 1
		release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
		: >"$apt/status"
		for suite in "$release" "$release-updates"; do
			echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $suite main"
			echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $suite main"
		done >"$apt/sources.list"
	}
	apt-get -q -o APT::Architecture="$arch" -o APT::Architectures::="$arch" -o APT::Sandbox::User=root \
		-o Dir::State="$apt" -o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/status" \
		-o Dir::Cache="$apt" -o Dir::Cache::archives="$apt/archives" \
		-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/nonexistent -o Dir::Etc::preferencesparts=/nonexistent \
		-o APT::Install-Recommends=false -o Acquire::Languages=none "$@"
}

# left_out LINE NAME: the reason why that line does not run it; false when it does.
left_out() {
	awk -F '|' -v line="$1" -v name="$2" '
		$1 !~ /^#/ && (" " $1 " ") ~ (" " line " ") && $2 == name { print $3; found = 1; exit } END { exit !found }' "$here/skips"
}

# The rows of tests, and the scenarios, that a line leaves out, as the tests want to hear it.
left_out_rows() {
	awk -F '|' -v line="$1" '$1 !~ /^#/ && (" " $1 " ") ~ (" " line " ") && $2 ~ /:/ {
		n = split($2, part, "/"); printf "%s ", $2 ~ /^scenarios:/ ? $2 : part[n] }' "$here/skips"
}

# suite LINE FOLDER: builds all tests and runs them all but those left out for this line. Sets $suite_words (what ran)
# and $left (what did not, and why); false when a test failed.
suite() {
	log=$work/$1.tests.log
	tests=$(printf 'include Makefile\nshow-tests:\n\t@echo $(TESTS)\n' | make --no-print-directory -C "$2" -s -f - show-tests) || return 1
	run=
	left=$(awk -F '|' -v line="$1" '$1 !~ /^#/ && (" " $1 " ") ~ (" " line " ") { print "          - not run: " $2 ": " $3 }' "$here/skips")
	for t in $tests; do
		left_out "$1" "$t" >/dev/null || run="$run $t"
	done
	if ! make -C "$2" -k -j"$jobs" check TESTS= >"$log" 2>&1; then
		suite_words="the tests do not build"
		return 1
	fi
	CHECK_LEAVE_OUT=$(left_out_rows "$1") make -C "$2" -j"$jobs" -k check TESTS="$run" >>"$log" 2>&1
	status=$?
	suite_words=$(awk '
		match($0, /: [0-9]+ passed, [0-9]+ failed/) { split(substr($0, RSTART + 2, RLENGTH), n, " "); p += n[1]; f += n[3]; next }
		/^[0-9]+ passed, [0-9]+ failed, [0-9]+ not offered/ { s += $1 }
		/^# PASS:/ { ok = $3 } /^# FAIL:/ { bad = $3 } /^# SKIP:/ { no = $3 }
		END { printf "%d test programs passed, %d failed, %d skipped themselves; %d tests, %d scenarios", ok, bad, no, p, s }' "$log")
	left="$left
$(sed -n 's/^\([^ ]*\): skipped: \(.*\)/          - not run: \1: \2/p' "$log")"
	return $status
}
