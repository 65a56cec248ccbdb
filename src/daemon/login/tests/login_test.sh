#!/bin/sh
# login, master and authdaemond as they are, with a worker that does what the test says; python3 alone.
exec python3 "$top_srcdir/src/daemon/login/tests/login_test.py" "$top_srcdir" "$top_builddir"
