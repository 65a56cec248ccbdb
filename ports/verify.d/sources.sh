# What the sources themselves must keep: shell scripts, macros of systems, POSIX.1-2008, makefiles. Sourced by ports/verify.
# shellcheck shell=sh

# All scripts for sh, sourced parts included, relative to the top.
shell_scripts() {
	(cd "$top" && find . \( -name .git -o -name build -o -name build-aux -o -name autom4te.cache -o -name __pycache__ \) -prune -o \
		-type f ! -name '*.c' ! -name '*.h' ! -name '*.md' ! -name 'configure*' -exec awk '
		FNR == 1 && /^#! *\/bin\/sh/ { print FILENAME } /^# shellcheck shell=sh$/ && FNR < 6 { print FILENAME }' {} + | sort -u)
}

# Words that do something harmless by each script that an operator may start first.
shell_runs='ports/verify --list
ports/install-packages --list build
check --list
quickstart --help'

shells_line() {
	scripts=$(shell_scripts)
	tried='' missing=''
	for shell in dash ksh posh bash; do
		if ! need $shell $shell; then missing="$missing $shell"; continue; fi
		for script in $scripts; do
			$shell -n "$top/$script" 2>"$work/shell.log" || { say failed shells "$shell: $(head -n 1 "$work/shell.log")"; return; }
		done
		echo "$shell_runs" | while read -r script words; do
			# shellcheck disable=SC2086
			(cd "$top" && $shell "./$script" $words) >"$work/shell.log" 2>&1 </dev/null || { echo "$shell $script $words: $(tail -n 1 "$work/shell.log")"; break; }
		done >"$work/shell.failed"
		[ ! -s "$work/shell.failed" ] || { say failed shells "$(head -n 1 "$work/shell.failed")"; return; }
		tried="$tried $shell"
	done
	if need shellcheck shellcheck; then
		# Not asked: x= y= (1007), files of others (1090, 1091), variables that make or a caller sets (2034, 2154).
		(cd "$top" && echo "$scripts" | xargs shellcheck -s sh -S warning -e SC1007,SC1090,SC1091,SC2034,SC2154) >"$work/shellcheck.log" 2>&1 || {
			say failed shells "shellcheck"
			grep -A 1 -E '^In |SC[0-9]+' "$work/shellcheck.log" | head -n 20 | sed 's/^/          | /'
			return
		}
		tried="$tried shellcheck"
	else
		missing="$missing shellcheck"
	fi
	[ -n "$tried" ] || { say skipped shells "none of the shells is here"; return; }
	say verified shells "$(echo "$scripts" | wc -l) scripts by$tried${missing:+; not here:$missing}"
}

# Macros that compilers set for a system, and those that open its name space.
system_macros='__linux__|__linux|__gnu_linux__|linux|__FreeBSD__|__NetBSD__|__OpenBSD__|__DragonFly__|__APPLE__|__MACH__|__sun|__sun__|sun'
system_macros="$system_macros|__SVR4|__svr4__|_AIX|__hpux|_WIN32|__CYGWIN__|__ANDROID__|__GLIBC__|__GLIBC_PREREQ|__unix__|__unix|BSD"
space_macros='_GNU_SOURCE|_DEFAULT_SOURCE|_BSD_SOURCE|_XOPEN_SOURCE|_XOPEN_SOURCE_EXTENDED|_POSIX_C_SOURCE|_ALL_SOURCE|__EXTENSIONS__|_NETBSD_SOURCE|_OPENBSD_SOURCE|_LARGEFILE64_SOURCE'

# system_names FILE...: places that name a system, or open its name space outside src/ext. Relative names.
system_names() {
	awk -v names="^($system_macros)\$" -v spaces="^($space_macros)\$" '
		/^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|define|undef)/ {
			directive = $0; sub(/\/\*.*/, "", directive); n = split(directive, word, /[^A-Za-z0-9_]+/)
			defines = directive ~ /#[ \t]*(define|undef)/
			for (i = 1; i <= n; i++)
				if (word[i] ~ names || (defines && i == 3 && word[i] ~ spaces && FILENAME !~ /^src\/ext\//)) print FILENAME ":" FNR ": " $0
		}' "$@"
}

macros_line() {
	(cd "$top" && find src fuzz bench conformance tests tools -name '*.[ch]' 2>/dev/null | sort) >"$work/macros.files"
	# shellcheck disable=SC2046
	(cd "$top" && system_names $(cat "$work/macros.files")) >"$work/macros.log"
	printf '#ifdef __linux__\n#if defined(X) && \\\n#elif defined __sun /* */\n#define _GNU_SOURCE 1\n#define linux_word 1\n' >"$work/macros.sample.c"
	[ "$(system_names "$work/macros.sample.c" | wc -l)" -eq 3 ] || { say failed macros "the look for macros is blind"; return; }
	if [ -s "$work/macros.log" ]; then
		say failed macros "$(wc -l <"$work/macros.log") places"
		head -n 10 "$work/macros.log" | sed 's/^/          | /'
		return
	fi
	say verified macros "$(wc -l <"$work/macros.files") sources outside ports/ name no system"
}

# configured FOLDER OPTION...: configure for this machine, quietly, without optimising.
configured() {
	folder=$1
	shift
	mkdir -p "$folder" && (cd "$folder" && "$top/configure" -q --enable-werror CFLAGS=-O0 --disable-hardening "$@") >"$folder.configure.log" 2>&1
}

posix_line() {
	folder=$work/posix
	configured "$folder" || { say failed posix "configure: $(grep -m 1 error "$folder.configure.log")"; return; }
	# A header that is seen before all others and behind each: whatever opens more than POSIX stops the compiler.
	cat >"$work/strict.h" <<-'H'
	#include <sys/types.h>
	#if defined(_GNU_SOURCE) || defined(_DEFAULT_SOURCE) || defined(_XOPEN_SOURCE) || defined(__USE_MISC) || defined(__USE_XOPEN)
	#error "more than POSIX.1-2008 is visible"
	#endif
	#if _POSIX_C_SOURCE != 200809L
	#error "not POSIX.1-2008"
	#endif
	H
	if make -C "$folder" -k -j"$jobs" STRICT_CPPFLAGS="-D_POSIX_C_SOURCE=200809L -include $work/strict.h" all check TESTS= >"$work/posix.make.log" 2>&1; then
		say verified posix "$(find "$folder/src" -name '*.o' ! -path '*/src/ext/*' | wc -l) objects of src/ and its tests with _POSIX_C_SOURCE=200809L alone"
		[ "${KEEP:-}" ] || rm -rf "$folder"
	else
		say failed posix "all of it: $work/posix.make.log"
		mistakes "$work/posix.make.log"
	fi
}

# What only GNU make reads, in the makefile that configure wrote: conditionals, other assignments, functions, pattern
# rules, variables of its own; and $< where a rule has no suffixes, which the make of Solaris leaves empty.
gnu_constructs() {
	awk '
		{ text = $0; gsub(/\$\$/, "", text); goes_on = more; more = /\\$/ }
		!goes_on && /^(ifeq|ifneq|ifdef|ifndef|else|endif|define|endef|override|export|unexport|vpath|-include|sinclude)([ \t(]|$)/ {
			print FILENAME ":" FNR ": conditional or directive: " $0 }
		!goes_on && /^[A-Za-z_][A-Za-z0-9_.]*[ \t]*(::?:?|\?|!)=/ { print FILENAME ":" FNR ": assignment: " $0 }
		text ~ /\$[({](shell|wildcard|patsubst|subst|foreach|filter|filter-out|addprefix|addsuffix|notdir|dir|basename|strip|call|eval|if|or|and|sort|word|words|firstword|info|error|warning|abspath|realpath|origin|value)[ \t]/ {
			print FILENAME ":" FNR ": function: " $0 }
		!goes_on && /^[^\t#=]*%[^=]*:/ { print FILENAME ":" FNR ": pattern rule: " $0 }
		text ~ /\$[\^+|]/ { print FILENAME ":" FNR ": variable: " $0 }
		!goes_on && /^[^\t#:=][^:=]*:([^=]|$)/ { suffix = /^\.[a-z0-9]+(\.[a-z0-9$()A-Z]+)?:/ }
		/^\t/ && text ~ /\$</ && !suffix { print FILENAME ":" FNR ": $< in a rule without suffixes: " $0 }' "$1"
}

make_line() {
	folder=$work/make
	configured "$folder" || { say failed make "configure: $(grep -m 1 error "$folder.configure.log")"; return; }
	gnu_constructs "$folder/Makefile" >"$work/make.gnu.log"
	# The look itself sees what it must: one line for each of these but the rule with suffixes.
	printf 'X := 1\nY = $(shell ls)\na: b\n\tcc $<\n.c.o:\n\tcc $<\nifdef X\nendif\n%%.o: x\n\tcp $^ y\n' >"$work/make.sample"
	[ "$(gnu_constructs "$work/make.sample" | wc -l)" -eq 7 ] || { say failed make "the look for GNU's constructs is blind"; return; }
	if [ -s "$work/make.gnu.log" ]; then
		say failed make "$(wc -l <"$work/make.gnu.log") constructs that only GNU make reads"
		head -n 10 "$work/make.gnu.log" | cut -c 1-160 | sed 's/^/          | /'
		return
	fi
	need bmake bmake || { say skipped make "no bmake; the makefile has nothing that only GNU make reads"; return; }
	# One program of tests runs by it too: the rules of the harness are used.
	if (cd "$folder" && bmake -j"$jobs" all && bmake check TESTS=src/base/tests/num_test && bmake DESTDIR="$folder/root" install) >"$work/make.bmake.log" 2>&1 &&
		(cd "$folder" && make V=1 all) >"$work/make.gmake.log" 2>&1 && ! grep -q -E ' -c -o | -o src/' "$work/make.gmake.log"; then
		say verified make "bmake builds, checks and installs $(find "$folder/root" -type f -perm -100 | wc -l) programs, GNU make finds nothing left to do; $(wc -l <"$folder/Makefile") lines without GNU's own"
		[ "${KEEP:-}" ] || rm -rf "$folder"
	else
		say failed make "all of it: $work/make.bmake.log"
		mistakes "$work/make.bmake.log"
	fi
}
