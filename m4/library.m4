# MAIL_LIBRARY(NAME, OPTION, KIND, PKG-CONFIG, INCLUDES, CALL, CPPFLAGS-LIST, LIBS-LIST, WHAT, PACKAGES)
#
#   NAME           prefix of the results: NAME_CPPFLAGS, NAME_LDFLAGS, NAME_LIBS, HAVE_NAME, condition WITH_NAME
#   OPTION         --with-OPTION[=DIR], --without-OPTION
#   KIND           needed | optional
#   PKG-CONFIG     module, asked first; may be empty
#   INCLUDES CALL  prologue and body of the test program; they also check the version
#   CPPFLAGS-LIST  candidates separated by ';' (":" is the empty one)
#   LIBS-LIST      candidates separated by ';' (":" is the empty one)
#   WHAT           words for the summary; PACKAGES: what to install
#
# NAME_CPPFLAGS and NAME_LIBS given by the user win over every candidate. What is missing and needed is
# gathered in mail_missing; MAIL_LIBRARIES_DONE stops with the whole list.
AC_DEFUN([MAIL_LIBRARY], [
AC_ARG_WITH([$2], [AS_HELP_STRING([--with-$2@<:@=DIR@:>@], [$9 ($3)])], [], [with_[]m4_translit([$2], [-], [_])=auto])
AC_ARG_VAR([$1_CPPFLAGS], [preprocessor options for $2])
AC_ARG_VAR([$1_LIBS], [libraries for $2])
mail_with=$with_[]m4_translit([$2], [-], [_])
mail_have=no
mail_dir_cpp= mail_dir_ld=
AS_CASE([$mail_with],
	[no], [AS_IF([test "$3" = needed], [AC_MSG_ERROR([--without-$2: $9 cannot be left out])])],
	[yes|auto], [],
	[
		AS_IF([test ! -d "$mail_with/include"], [AC_MSG_ERROR([--with-$2=$mail_with: there is no folder $mail_with/include])])
		mail_dir_cpp="-I$mail_with/include" mail_dir_ld="-L$mail_with/lib"])
AS_IF([test "$mail_with" != no], [
	mail_cpp_list='$7' mail_lib_list='$8'
	AS_IF([test "x$4" != x && test "x$mail_dir_cpp" = x && test "x$PKG_CONFIG" != x &&
		$PKG_CONFIG --exists '$4' 2>/dev/null], [
		mail_cpp_list="`$PKG_CONFIG --cflags '$4'` ;$mail_cpp_list"
		mail_lib_list="`$PKG_CONFIG --libs '$4'` ;$mail_lib_list"])
	AS_IF([test "x$$1_CPPFLAGS" != x], [mail_cpp_list=$$1_CPPFLAGS])
	AS_IF([test "x$$1_LIBS" != x], [mail_lib_list=$$1_LIBS])
	AC_MSG_CHECKING([for $9])
	mail_save_CPPFLAGS=$CPPFLAGS mail_save_LIBS=$LIBS mail_save_LDFLAGS=$LDFLAGS
	mail_save_IFS=$IFS
	IFS=';'
	for mail_cpp in $mail_cpp_list; do
		for mail_lib in $mail_lib_list; do
			IFS=$mail_save_IFS
			test "$mail_have" = no || continue
			test "$mail_cpp" != : || mail_cpp=
			test "$mail_lib" != : || mail_lib=
			CPPFLAGS="$mail_save_CPPFLAGS $SYSTEM_CPPFLAGS $mail_dir_cpp $mail_cpp"
			LDFLAGS="$mail_save_LDFLAGS $mail_dir_ld"
			LIBS="$mail_lib $mail_save_LIBS"
			AC_LINK_IFELSE([AC_LANG_PROGRAM([$5], [$6])], [
				mail_have=yes
				$1_CPPFLAGS="$mail_dir_cpp $mail_cpp"
				$1_LIBS="$mail_dir_ld $mail_lib"])
		done
		IFS=';'
	done
	IFS=$mail_save_IFS
	CPPFLAGS=$mail_save_CPPFLAGS LIBS=$mail_save_LIBS LDFLAGS=$mail_save_LDFLAGS
	AC_MSG_RESULT([$mail_have])
	AS_IF([test $mail_have = no], [
		AS_IF([test "$3" = needed || test "$mail_with" != auto],
			[AS_VAR_APPEND([mail_missing], ["
  $9: install $10"])])])])
AS_IF([test $mail_have = yes], [AC_DEFINE([HAVE_$1], [1], [Define to 1 when $2 is used.])])
AM_CONDITIONAL([WITH_$1], [test $mail_have = yes])
have_$1=$mail_have
AS_IF([test "$3" = optional], [AS_VAR_APPEND([mail_optional], [" $2=$mail_have"])])
])

AC_DEFUN([MAIL_LIBRARIES_DONE], [
AS_IF([test "x$mail_missing" != x], [AC_MSG_ERROR([these libraries or their headers are missing:$mail_missing
./quickstart installs them all on the systems that have a list in ports/<system>/packages.build.])])
])
