# Service files: what starts and stops the server on each system. All of them are made from their templates (NAME.in) in
# every build, so that they are tested here; `make install` installs those of $(service), which configure chose.
SERVICE_FILES = \
	ports/linux/systemd/courier.service ports/linux/systemd/courier.sysusers ports/linux/systemd/courier.tmpfiles \
	ports/posix/service/courier.init ports/posix/service/make-accounts \
	ports/bsd/service/courier.freebsd ports/bsd/service/courier.netbsd ports/bsd/service/courier.openbsd \
	ports/solaris/service/courier.xml ports/solaris/service/svc-courier \
	ports/aix/service/courier-src
SERVICE_TEMPLATES = \
	$(srcdir)/ports/linux/systemd/courier.service.in $(srcdir)/ports/linux/systemd/courier.sysusers.in \
	$(srcdir)/ports/linux/systemd/courier.tmpfiles.in $(srcdir)/ports/posix/service/courier.init.in \
	$(srcdir)/ports/posix/service/make-accounts.in $(srcdir)/ports/bsd/service/courier.freebsd.in \
	$(srcdir)/ports/bsd/service/courier.netbsd.in $(srcdir)/ports/bsd/service/courier.openbsd.in \
	$(srcdir)/ports/solaris/service/courier.xml.in $(srcdir)/ports/solaris/service/svc-courier.in \
	$(srcdir)/ports/aix/service/courier-src.in

# What stands for @NAME@ in a template: configure's variables are nested, make expands them. A line each, for sed -f.
ports/names.sed: Makefile
	$(AM_V_GEN)$(MKDIR_P) ports && { \
		echo 's,[@]VERSION[@],$(VERSION),g'; \
		echo 's,[@]prefix[@],$(prefix),g'; echo 's,[@]bindir[@],$(bindir),g'; echo 's,[@]sbindir[@],$(sbindir),g'; \
		echo 's,[@]mandir[@],$(mandir),g'; echo 's,[@]moduledir[@],$(moduledir),g'; echo 's,[@]daemondir[@],$(daemondir),g'; \
		echo 's,[@]confdir[@],$(confdir),g'; echo 's,[@]statedir[@],$(statedir),g'; echo 's,[@]rundir[@],$(rundir),g'; \
		echo 's,[@]queuedir[@],$(queuedir),g'; echo 's,[@]dropdir[@],$(dropdir),g'; echo 's,[@]logdir[@],$(logdir),g'; \
		echo 's,[@]USER_MAIL[@],$(USER_MAIL),g'; echo 's,[@]GROUP_MAIL[@],$(GROUP_MAIL),g'; \
		echo 's,[@]USER_SMTP[@],$(USER_SMTP),g'; echo 's,[@]USER_LOGIN[@],$(USER_LOGIN),g'; \
		echo 's,[@]USER_AUTH[@],$(USER_AUTH),g'; echo 's,[@]USER_ROUTE[@],$(USER_ROUTE),g'; \
		echo 's,[@]USER_TALLY[@],$(USER_TALLY),g'; echo 's,[@]USER_OUT[@],$(USER_OUT),g'; \
		echo 's,[@]USER_LOG[@],$(USER_LOG),g'; echo 's,[@]GROUP_DROP[@],$(GROUP_DROP),g'; \
	} >$@.new && mv -f $@.new $@

# One rule for all: a template that changed makes each of them anew. The scripts among them begin with #!.
$(SERVICE_FILES): ports/names.sed $(SERVICE_TEMPLATES)
	$(AM_V_GEN)$(MKDIR_P) `dirname $@` && $(SED) -f ports/names.sed $(srcdir)/$@.in >$@.new && \
	if $(SED) 1q $@.new | grep '^#!' >/dev/null; then chmod 755 $@.new; fi && mv -f $@.new $@
noinst_DATA = $(SERVICE_FILES)
CLEANFILES += ports/names.sed $(SERVICE_FILES)

# --- installed: lines of MODE FILE PLACE ------------------------------------------------------------------------
SERVICE_LIST = { \
	case "$(service)" in \
	systemd) \
		echo "644 ports/linux/systemd/courier.service $(systemdunitdir)/courier.service"; \
		echo "644 ports/linux/systemd/courier.sysusers $(sysusersdir)/courier.conf"; \
		echo "644 ports/linux/systemd/courier.tmpfiles $(tmpfilesdir)/courier.conf" ;; \
	sysv) echo "755 ports/posix/service/courier.init $(servicedir)/courier" ;; \
	freebsd|netbsd|openbsd) echo "755 ports/bsd/service/courier.$(service) $(servicedir)/courier" ;; \
	smf) \
		echo "644 ports/solaris/service/courier.xml $(servicedir)/courier.xml"; \
		echo "755 ports/solaris/service/svc-courier $(moduledir)/svc-courier" ;; \
	src) echo "755 ports/aix/service/courier-src $(moduledir)/courier-src" ;; \
	esac; \
	echo "755 ports/posix/service/make-accounts $(moduledir)/make-accounts"; \
}

install-service: $(SERVICE_FILES)
	@$(SERVICE_LIST) | while read mode file place; do \
		$(MKDIR_P) "$(DESTDIR)`dirname $$place`" && \
		$(INSTALL) -m $$mode $$file "$(DESTDIR)$$place" || exit 1; \
	done
uninstall-service:
	@$(SERVICE_LIST) | while read mode file place; do rm -f "$(DESTDIR)$$place"; done
.PHONY: install-service uninstall-service

# --- run: each of them starts, reloads and stops a server under stand-ins for its system ------------------------
TESTS += ports/tests/services_test.sh ports/tests/skeletons_test.sh
