# MAIL_BACKEND(NAME, HELP, CHOICES-IN-ORDER-OF-PREFERENCE, CONDITION-PREFIX)
#
# Picks one implementation of an operating system contract. For each choice a shell variable
# have_NAME_CHOICE (yes/no) must have been set by a probe before. --with-NAME=CHOICE forces one.
# Result: NAME_backend, NAME_why, conditions PREFIX_CHOICE are made by the caller with
# MAIL_BACKEND_CONDITION.
AC_DEFUN([MAIL_BACKEND], [
AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=NAME], [$2: one of $3 (default: the first that works)])],
	[], [with_$1=auto])
$1_backend=
AS_CASE([$with_$1],
	[auto|yes], [
		for mail_choice in $3; do
			eval mail_ok=\$have_$1_$mail_choice
			AS_IF([test "x$$1_backend" = x && test "$mail_ok" = yes], [$1_backend=$mail_choice])
		done
		$1_why="first of: $3"],
	[
		AS_CASE([" $3 "], [*" $with_$1 "*], [],
			[AC_MSG_ERROR([--with-$1=$with_$1: unknown, expected one of: $3])])
		eval mail_ok=\$have_$1_$with_$1
		AS_IF([test "$mail_ok" != yes],
			[AC_MSG_ERROR([--with-$1=$with_$1: this system does not have what it needs])])
		$1_backend=$with_$1
		$1_why="forced by --with-$1"])
AC_MSG_NOTICE([$1: $$1_backend])
])

# MAIL_BACKEND_CONDITION(NAME, CHOICE, CONDITION)
AC_DEFUN([MAIL_BACKEND_CONDITION], [AM_CONDITIONAL([$3], [test "x$$1_backend" = "x$2"])])
