# conformance/inproc: scenarios played against the protocol engine, in virtual time.
check_PROGRAMS += conformance/inproc/scnplay
conformance_inproc_scnplay_SOURCES = \
	conformance/inproc/play.c \
	conformance/inproc/play_drive.c \
	conformance/inproc/play_imap.c \
	conformance/inproc/play_mailbox.c \
	conformance/inproc/play_pop3.c \
	conformance/inproc/play_reply.c \
	conformance/inproc/play_rest.c \
	conformance/inproc/play_smtp.c \
	conformance/inproc/play_value.c \
	conformance/inproc/scn_parse.c \
	conformance/inproc/scn_text.c \
	conformance/inproc/scnplay.c
conformance_inproc_scnplay_LDADD = \
	libsmtpworld.a libimapworld.a libpop3world.a libdrive.a libsmtp.a libimap.a libpop3.a libsasl.a libmessage.a libbase.a
TESTS += conformance/inproc/scenarios.sh
EXTRA_DIST += conformance/inproc/scenarios.sh

# The other way round: the file is the server, our client is played.
check_PROGRAMS += conformance/inproc/clientplay
conformance_inproc_clientplay_SOURCES = conformance/inproc/clientplay.c src/smtp/tests/client_world.c
conformance_inproc_clientplay_LDADD = libsmtp.a libsasl.a libmessage.a libbase.a
TESTS += conformance/inproc/clientscenarios.sh
EXTRA_DIST += conformance/inproc/clientscenarios.sh
