# conformance/inproc: scenarios played against the protocol engine, in virtual time.
check_PROGRAMS += conformance/inproc/scnplay
conformance_inproc_scnplay_SOURCES = \
	conformance/inproc/play.c \
	conformance/inproc/play_imap.c \
	conformance/inproc/play_reply.c \
	conformance/inproc/play_smtp.c \
	conformance/inproc/play_value.c \
	conformance/inproc/scn_parse.c \
	conformance/inproc/scn_text.c \
	conformance/inproc/scnplay.c
conformance_inproc_scnplay_LDADD = \
	libsmtpworld.a libimapworld.a libdrive.a libsmtp.a libimap.a libsasl.a libmessage.a libbase.a
TESTS += conformance/inproc/scenarios.sh
EXTRA_DIST += conformance/inproc/scenarios.sh
