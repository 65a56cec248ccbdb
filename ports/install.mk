# What `make install` does beside programs: manual pages, the state folder, sample configuration; service files: service.mk.
# Configuration that is there is never touched: beside it lies NAME.dist, the sample of this version.
INSTALL_SAMPLES = aliases courierd esmtpd esmtpd-msa esmtpd-ssl imapd imapd-ssl pop3d pop3d-ssl authdaemonrc module.local module.esmtp module.dsn
INSTALL_CONFDIR = $(DESTDIR)$(confdir)

install-data-local: install-manuals install-configuration install-service

install-manuals:
	@for s in 1 5 7 8; do \
		for f in $(srcdir)/docs/man/*.$$s; do \
			test -f "$$f" || continue; \
			$(MKDIR_P) "$(DESTDIR)$(mandir)/man$$s" && \
			$(INSTALL_DATA) "$$f" "$(DESTDIR)$(mandir)/man$$s" || exit 1; \
		done; \
	done

install-configuration:
	@$(MKDIR_P) "$(INSTALL_CONFDIR)" "$(DESTDIR)$(statedir)"
	@for f in $(INSTALL_SAMPLES); do \
		$(INSTALL_DATA) "$(srcdir)/src/conf/samples/$$f" "$(INSTALL_CONFDIR)/$$f.dist" || exit 1; \
		if test -f "$(INSTALL_CONFDIR)/$$f"; then \
			cmp -s "$(INSTALL_CONFDIR)/$$f" "$(INSTALL_CONFDIR)/$$f.dist" || \
				echo "kept $(INSTALL_CONFDIR)/$$f; the sample of this version is $$f.dist"; \
		else \
			$(INSTALL_DATA) "$(srcdir)/src/conf/samples/$$f" "$(INSTALL_CONFDIR)/$$f" || exit 1; \
		fi; \
	done

# Files that were changed since stay, and so does the state; folders that are empty then go.
uninstall-local: uninstall-service
	@for s in 1 5 7 8; do \
		for f in $(srcdir)/docs/man/*.$$s; do rm -f "$(DESTDIR)$(mandir)/man$$s/`basename "$$f"`"; done; \
	done
	@for f in $(INSTALL_SAMPLES); do \
		if cmp -s "$(INSTALL_CONFDIR)/$$f" "$(INSTALL_CONFDIR)/$$f.dist"; then rm -f "$(INSTALL_CONFDIR)/$$f"; fi; \
		rm -f "$(INSTALL_CONFDIR)/$$f.dist"; \
	done
	@-rmdir "$(INSTALL_CONFDIR)" "$(DESTDIR)$(statedir)" "$(DESTDIR)$(daemondir)" 2>/dev/null || :
.PHONY: install-manuals install-configuration
