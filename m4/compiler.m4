# Probes of compiler and linker options. An option counts as known only when it compiles without any
# warning, so that clang's "unused argument" does not end up on each line of a build.

# MAIL_TRY_CFLAG(VARIABLE, OPTION...): appends to VARIABLE those options that the compiler knows.
AC_DEFUN([MAIL_TRY_CFLAG], [
for mail_flag in $2; do
	AS_VAR_PUSHDEF([mail_cache], [mail_cv_cflag_$mail_flag])
	AC_CACHE_CHECK([whether $CC knows $mail_flag], [mail_cache], [
		mail_save_CFLAGS=$CFLAGS
		CFLAGS="$mail_flag $mail_flag_extra -Werror"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])], [AS_VAR_SET([mail_cache], [yes])],
			[AS_VAR_SET([mail_cache], [no])])
		CFLAGS=$mail_save_CFLAGS])
	AS_VAR_IF([mail_cache], [yes], [AS_VAR_APPEND([$1], [" $mail_flag"])])
	AS_VAR_POPDEF([mail_cache])
done
])

# MAIL_TRY_LDFLAG(VARIABLE, OPTION...): the same for the linker.
AC_DEFUN([MAIL_TRY_LDFLAG], [
for mail_flag in $2; do
	AS_VAR_PUSHDEF([mail_cache], [mail_cv_ldflag_$mail_flag])
	AC_CACHE_CHECK([whether the linker knows $mail_flag], [mail_cache], [
		mail_save_LDFLAGS=$LDFLAGS
		mail_save_CFLAGS=$CFLAGS
		LDFLAGS="$LDFLAGS $mail_flag"
		CFLAGS="$CFLAGS $mail_link_cflags -Werror"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AS_VAR_SET([mail_cache], [yes])],
			[AS_VAR_SET([mail_cache], [no])])
		CFLAGS=$mail_save_CFLAGS
		LDFLAGS=$mail_save_LDFLAGS])
	AS_VAR_IF([mail_cache], [yes], [AS_VAR_APPEND([$1], [" $mail_flag"])])
	AS_VAR_POPDEF([mail_cache])
done
])

# MAIL_TRY_PROGRAM(VARIABLE, CFLAGS, LDFLAGS, MESSAGE): sets VARIABLE to yes when a program links
# with both sets of options.
AC_DEFUN([MAIL_TRY_PROGRAM], [
AC_CACHE_CHECK([$4], [mail_cv_$1], [
	mail_save_CFLAGS=$CFLAGS
	mail_save_LDFLAGS=$LDFLAGS
	CFLAGS="$CFLAGS $2 -Werror"
	LDFLAGS="$LDFLAGS $3"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [mail_cv_$1=yes], [mail_cv_$1=no])
	CFLAGS=$mail_save_CFLAGS
	LDFLAGS=$mail_save_LDFLAGS])
$1=$mail_cv_$1
])
