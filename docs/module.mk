# docs: manual pages
dist_man_MANS = docs/man/courier-config.5 docs/man/courier.8 docs/man/mailq.1 docs/man/sendmail.8
