# src/cmd: one file for each command
CMD_COMMON = src/cmd/cmd.h src/cmd/cmd.c

sbin_PROGRAMS += src/cmd/courier src/cmd/mkesmtpdcert
src_cmd_courier_SOURCES = src/cmd/courier.c src/cmd/courier_config.c $(CMD_COMMON)
src_cmd_courier_LDADD = $(LINK_L2) $(EXT_LIBS)
src_cmd_mkesmtpdcert_SOURCES = src/cmd/mkesmtpdcert.c $(CMD_COMMON)
src_cmd_mkesmtpdcert_LDADD = $(LINK_L2) $(EXT_LIBS)
