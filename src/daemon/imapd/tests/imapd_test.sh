#!/bin/sh
# The worker of IMAP with a real Maildir, and a false master and login; python3 alone.
PYTHONDONTWRITEBYTECODE=1
PYTHONPATH=$top_srcdir/src/daemon/mailbox/tests:$top_srcdir/src/daemon/imapd/tests
export PYTHONDONTWRITEBYTECODE PYTHONPATH
exec python3 "$top_srcdir/src/daemon/imapd/tests/imapd_test.py" "$top_builddir"
