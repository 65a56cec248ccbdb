# The committed manual page is the one the rows make.
if ./conf_man | cmp -s - "$top_srcdir/docs/man/courier-config.5"; then
	echo "conf_man: 1 passed, 0 failed"
else
	echo "docs/man/courier-config.5 is not what conf_man prints; run: ./conf_man >$top_srcdir/docs/man/courier-config.5"
	echo "conf_man: 0 passed, 1 failed"
	exit 1
fi
