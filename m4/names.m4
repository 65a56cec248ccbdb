# MAIL_NAME(VARIABLE, OPTION, DEFAULT, WHAT): a user or group name, at most eight characters (the limit
# of several systems), substituted as VARIABLE.
AC_DEFUN([MAIL_NAME], [
AC_ARG_WITH([$2], [AS_HELP_STRING([--with-$2=NAME], [$4 @<:@$3@:>@])], [$1=$withval], [$1=$3])
AS_CASE([$$1],
	[yes|no|''], [AC_MSG_ERROR([--with-$2: expected a name])],
	[*[[!a-zA-Z0-9_-]]*|[[!a-zA-Z_]]*], [AC_MSG_ERROR([--with-$2=$$1: letters, digits, _ and - only])],
	[?????????*], [AC_MSG_ERROR([--with-$2=$$1: longer than 8 characters])])
AC_SUBST([$1])
])

# MAIL_FOLDER(VARIABLE, OPTION, DEFAULT, WHAT): an absolute path, may use ${prefix} and friends.
AC_DEFUN([MAIL_FOLDER], [
AC_ARG_WITH([$2], [AS_HELP_STRING([--with-$2=DIR], [$4])], [$1=$withval], [$1=$3])
AS_CASE([$$1], [/*|'$'*], [], [AC_MSG_ERROR([--with-$2=$$1: expected an absolute path])])
AC_SUBST([$1])
])
