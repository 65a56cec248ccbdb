#!/bin/sh
# The worker of POP3 with a real Maildir, and a false master and login; python3 alone.
PYTHONDONTWRITEBYTECODE=1
PYTHONPATH=$top_srcdir/src/daemon/mailbox/tests:$top_srcdir/src/daemon/pop3d/tests
export PYTHONDONTWRITEBYTECODE PYTHONPATH
exec python3 "$top_srcdir/src/daemon/pop3d/tests/pop3d_test.py" "$top_builddir"
