# MAIL_BACKEND(NAME, HELP, CHOICES-IN-ORDER-OF-PREFERENCE)
#
# Picks one implementation of an operating system contract. For each choice a shell variable
# have_NAME_CHOICE (yes/no) must have been set by a probe before. --with-NAME=CHOICE forces one.
# Result: NAME_backend, NAME_why (words for the summary); conditions are made by the caller with
# MAIL_BACKEND_CONDITION.
AC_DEFUN([MAIL_BACKEND], [
AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=NAME], [$2: one of $3 (default: the first that works)])],
	[], [with_$1=auto])
$1_backend= $1_here= $1_missing=
for mail_choice in $3; do
	eval mail_ok=\$have_$1_$mail_choice
	AS_IF([test "$mail_ok" = yes], [$1_here="$$1_here $mail_choice"], [$1_missing="$$1_missing $mail_choice"])
done
AS_CASE([$with_$1],
	[auto|yes], [
		for mail_choice in $$1_here; do
			AS_IF([test "x$$1_backend" = x], [$1_backend=$mail_choice])
		done
		$1_why="the best one here; here:$$1_here; not here:${$1_missing:- none}"],
	[
		AS_CASE([" $3 "], [*" $with_$1 "*], [],
			[AC_MSG_ERROR([--with-$1=$with_$1: found "$with_$1", expected one of: $3])])
		eval mail_ok=\$have_$1_$with_$1
		AS_IF([test "$mail_ok" != yes],
			[AC_MSG_ERROR([--with-$1=$with_$1: this system does not have what it needs; expected one of:$$1_here])])
		$1_backend=$with_$1
		$1_why="forced by --with-$1; here:$$1_here"])
AC_MSG_NOTICE([$1: $$1_backend ($$1_why)])
])

# MAIL_BACKEND_CONDITION(NAME, CHOICE, CONDITION)
AC_DEFUN([MAIL_BACKEND_CONDITION], [AM_CONDITIONAL([$3], [test "x$$1_backend" = "x$2"])])
