#!/bin/sh
# The real master with real and with false processes; python3 alone.
exec python3 "$top_srcdir/src/daemon/tests/master_test.py" "$top_builddir"
