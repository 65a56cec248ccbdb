#!/bin/sh
# The lists of files and of packages that ports/skeletons keeps are true for this build.
: "${top_builddir:?}" "${top_srcdir:?}"
command -v python3 >/dev/null 2>&1 || {
	echo "python3 is missing"
	exit 77
}
# make install is called for each layout: it must not take part in the one that called us.
unset MAKEFLAGS MFLAGS MAKELEVEL
exec python3 -B "$top_srcdir/ports/skeletons" check "$top_builddir"
