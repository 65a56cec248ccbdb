# makeuserdb, then authuserdb on its standard input and output, as authdaemond uses it.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
. "${top_srcdir:-.}/scripts/testlib.sh"
bin=${top_builddir:-.}

ask() {
	printf "$1" | AUTH_CONF_DIR=$dir/etc "$bin/src/auth/userdb/authuserdb"
	echo "status $?"
}

mkdir -p "$dir/etc"
check "no table" "$(ask 'PRE . imap anna\n')" "FAIL
status 0"

# {SHA} of "secret", {MD5} of "other"
printf '# two accounts\nanna\tuid=1001|gid=1002|home=/home/anna|systempw={SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=|imappw={MD5}eV8yArF8trw9S3cdjGyerw==|options=disableimap=1\nbob@x.example\tuid=1001|gid=1002|home=/v/bob|mail=/v/bob/M\n' >"$dir/etc/userdb"
chmod 644 "$dir/etc/userdb"
COURIER_INSTANCE=$dir "$bin/src/cmd/makeuserdb" 2>"$dir/err"
check "open to others" "$(cat "$dir/err")" "$dir/etc/userdb: found mode 644, expected a file that group and others cannot use (chmod go= it)"
chmod 600 "$dir/etc/userdb"
COURIER_INSTANCE=$dir "$bin/src/cmd/makeuserdb" 2>&1
check "makeuserdb" "$?" 0

check "pre" "$(ask 'PRE . pop3 anna\n')" "UID=1001
GID=1002
HOME=/home/anna
ADDRESS=anna
PASSWD={SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
OPTIONS=disableimap=1
.
status 0"
check "several requests" "$(ask 'PRE . imap nobody\nAUTH 22\npop3\nlogin\nanna\nsecretPRE . courier bob@x.example\n')" "FAIL
UID=1001
GID=1002
HOME=/home/anna
ADDRESS=anna
PASSWD={SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
OPTIONS=disableimap=1
.
UID=1001
GID=1002
HOME=/v/bob
ADDRESS=bob@x.example
MAILDIR=/v/bob/M
.
status 0"
check "wrong password" "$(ask 'AUTH 21\npop3\nlogin\nanna\nother')" "FAIL
status 0"
check "password of another service" "$(ask 'AUTH 22\nimap\nlogin\nanna\nsecret')" "FAIL
status 0"
check "no password" "$(ask 'AUTH 25\npop3\nlogin\nbob@x.example\n')" "FAIL
status 0"
check "uid entries are no accounts" "$(ask 'PRE . imap uid=1001\n')" "FAIL
status 0"
check "enumerate" "$(ask 'ENUMERATE\n')" "# authuserdb

anna	1001	1002	/home/anna		disableimap=1
bob@x.example	1001	1002	/v/bob	/v/bob/M	
.
status 0"
check "passwd" "$(ask 'PASSWD imap\tanna\tsecret\tnew\n')" "FAIL
status 0"
check "nonsense" "$(ask 'HELLO\n')" "status 75"
check "half a request" "$(ask 'PRE . imap an')" "status 75"

# A table that is replaced is seen by a program that runs.
fifo=$dir/in
mkfifo "$fifo" "$dir/out"
AUTH_CONF_DIR=$dir/etc "$bin/src/auth/userdb/authuserdb" <"$fifo" >"$dir/out" &
exec 3>"$fifo" 4<"$dir/out"
echo 'PRE . imap carl' >&3
read -r line <&4
check "before" "$line" FAIL
printf 'carl\tuid=7|gid=8|home=/c\n' >>"$dir/etc/userdb"
COURIER_INSTANCE=$dir "$bin/src/cmd/makeuserdb"
echo 'PRE . imap carl' >&3
read -r line <&4
check "after" "$line" UID=7
exec 3>&- 4<&-
wait

check_end authuserdb_test
