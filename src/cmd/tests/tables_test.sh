# The commands that compile tables and edit userdb, on a configuration of their own.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
. "${top_srcdir:-.}/scripts/testlib.sh"
cmd=${top_builddir:-.}/src/cmd
COURIER_INSTANCE=$dir
export COURIER_INSTANCE
etc=$dir/etc
mkdir -p "$etc"

# run COMMAND ...: output of both kinds, and the status
run() {
	name=$1
	shift
	"$cmd/$name" "$@" 2>&1
	echo "status $?"
}

echo mail.here.example >"$etc/me"
echo here.example >"$etc/locals"

# --- hosteddomains, esmtpacceptmailfor ---
check "no hosteddomains" "$(run makehosteddomains)" "hosteddomains: warning: does not exist; the table will be empty
status 0"
printf 'hosted.example\nother.example\thosted.example\n' >"$etc/hosteddomains"
check "hosteddomains" "$(run makehosteddomains)" "status 0"
before=$(cksum <"$etc/hosteddomains.dat")
printf 'not a domain\n' >"$etc/hosteddomains"
check "a mistake" "$(run makehosteddomains)" "$etc/hosteddomains:1: found \"a domain\", expected a domain such as example.com or .example.com
status 78"
check "a mistake changes nothing" "$(cksum <"$etc/hosteddomains.dat")" "$before"
mkdir "$etc/esmtpacceptmailfor.dir"
echo far.example >"$etc/esmtpacceptmailfor.dir/a"
check "acceptmailfor" "$(run makeacceptmailfor)" "status 0"
check "acceptmailfor.dat" "$(ls "$etc/esmtpacceptmailfor.dat")" "$etc/esmtpacceptmailfor.dat"

# --- smtpaccess ---
mkdir "$etc/smtpaccess"
printf '127.0.0.1\tallow,RELAYCLIENT\n' >"$etc/smtpaccess/default"
check "smtpaccess" "$(run makesmtpaccess)" "status 0"
check "smtpaccess.dat" "$(ls "$etc/smtpaccess.dat")" "$etc/smtpaccess.dat"
echo "10 refuse" >"$etc/smtpaccess/zz"
check "smtpaccess mistake" "$(run makesmtpaccess)" "$etc/smtpaccess/zz:1: found this action (\"refuse\"), expected deny, or allow and ,NAME=value
status 78"
echo 'ACCESSFILE=$sysconfdir/msaccess' >"$etc/esmtpd-msa"
printf '*\tdeny\n' >"$etc/msaccess"
check "smtpaccess-msa" "$(run makesmtpaccess-msa)" "status 0"
check "msaccess.dat" "$(ls "$etc/msaccess.dat")" "$etc/msaccess.dat"

# --- aliases ---
check "no aliases" "$(run makealiases)" "aliases: warning: does not exist; there will be no aliases
status 0"
mkdir "$etc/aliases"
printf 'postmaster: anna\nteam: anna, :include:%s/list\n' "$dir" >"$etc/aliases/system"
printf 'x@hosted.example\nPostmaster@HERE.example\n' >"$dir/list"
printf 'INFO@other.example: team, z@far.example\n' >"$etc/aliases/zz"
check "dump" "$(run makealiases -dump)" "info@hosted.example: anna, x@hosted.example, z@far.example
postmaster: anna
team: anna, x@hosted.example
status 0"
check "makealiases" "$(run newaliases)" "status 0"
before=$(cksum <"$etc/aliases.dat")
echo 'loop: loop2' >>"$etc/aliases/zz"
echo 'loop2: loop' >>"$etc/aliases/zz"
check "a loop" "$(run makealiases -chk)" "$etc/aliases/zz:2: found that loop comes back to itself through loop2, expected an end
status 78"
check "a loop is not compiled" "$(run makealiases >/dev/null; cksum <"$etc/aliases.dat")" "$before"
check "usage" "$(run makealiases -x | tail -n 1)" "status 64"
check "one source only" "$(run makealiases -protocol=esmtp)" "makealiases: aliases for one source of mail alone are not supported
status 64"

# --- a configuration with a mistake stops them all ---
echo many >"$etc/batchsize"
check "configuration" "$(run makealiases)" "$etc/batchsize:1: found \"many\", expected a number from 1 to 100000
status 78"
rm "$etc/batchsize"

# --- userdb ---
check "set" "$(run userdb anna set uid=1001 gid=1001 home=/home/anna)" "status 0"
check "set again" "$(run userdb anna set home=/h/anna mail=M)" "status 0"
check "from standard input" "$(echo '$6$x' | "$cmd/userdb" anna set systempw; echo $?)" "0"
check "show" "$(run userdb -show anna)" 'uid=1001
gid=1001
home=/h/anna
mail=M
systempw=$6$x
status 0'
check "unset" "$(run userdb anna unset mail systempw; run userdb -show anna)" "status 0
uid=1001
gid=1001
home=/h/anna
status 0"
check "another" "$(run userdb b@x.example set uid=1 gid=1 home=/; run userdb -show)" "status 0
anna
b@x.example
status 0"
check "mode" "$(ls -l "$etc/userdb" | cut -c1-10)" "-rw-------"
check "makeuserdb" "$(run makeuserdb)" "status 0"
check "del" "$(run userdb anna del; run userdb -show anna)" "status 0
userdb: found no address anna in userdb
status 67"
check "del again" "$(run userdb anna del)" "userdb: found no address anna in userdb
status 65"
check "bad field" "$(run userdb anna set uid=x)" "userdb: uid=x: found uid=x, expected a number
status 65"
check "bad address" "$(run userdb 'a b' set uid=1)" "userdb: ADDRESS: found a blank or control character in the address \"a b\"
status 65"
check "twice" "$(printf 'a\tuid=1|gid=1|home=/\na\tuid=2\n' >"$dir/u"; chmod 600 "$dir/u"; run makeuserdb -f "$dir/u")" "$dir/u:2: found the address a again, expected it once (the first is $dir/u:1)
status 78"
rm "$etc/userdb"
mkdir "$etc/userdb"
check "folder" "$(run userdb staff/carl set uid=2 gid=2 home=/c; run userdb carl set uid=3; cat "$etc/userdb/staff")" "status 0
userdb: userdb is a folder: expected NAME/ADDRESS
status 64
carl	uid=2|gid=2|home=/c"

# --- passwords ---
check "userdbpw" "$(echo secret | "$cmd/userdbpw" | cut -c1-3)" '$6$'
check "userdbpw -md5" "$(echo secret | "$cmd/userdbpw" -md5 | cut -c1-3)" '$1$'
check "userdbpw -hmac-md5" "$(echo secret | run userdbpw -hmac-md5)" "userdbpw: -hmac-md5: secrets for the CRAM mechanisms are not supported
status 69"
check "authpasswd sha1" "$(echo secret | run authpasswd sha1)" "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
status 0"
check "authpasswd nothing" "$(run authpasswd sha1 </dev/null)" "authpasswd: found no password on standard input
status 65"

# --- without a server ---
check "authtest" "$(run authtest anna)" "authtest: the server is not running ($dir/var/run/auth/socket)
status 75"
check "authenumerate" "$(run authenumerate)" "authenumerate: the server is not running ($dir/var/run/auth/socket)
status 75"
check "aliaslookup" "$(run aliaslookup x@far.example anna@here.example)" "esmtp: x@far.example (far.example)
aliaslookup: anna@here.example: Address cannot be looked up now: the server is not running ($dir/var/run/auth/socket)
status 75"
check "aliaslookup alias" "$(run aliaslookup -m esmtp u@nowhere.example)" "aliaslookup: u@nowhere.example: Relaying to <u@nowhere.example> denied
status 67"

check_end tables_test
