# smf_include.sh of Solaris and illumos, as far as our method uses it. MOCK_PIDFILE: the one process that counts.
# shellcheck disable=SC2034
SMF_EXIT_OK=0 SMF_EXIT_ERR_FATAL=95 SMF_EXIT_ERR_CONFIG=96 SMF_EXIT_ERR_NOSMF=99 SMF_EXIT_ERR_PERM=100

# smf_kill_contract CONTRACT SIGNAL WAIT TIMEOUT: 0 all gone, 1 wrong use, 2 not all in time.
smf_kill_contract() {
	[ "$1" = 4711 ] || return 1
	pid=$(cat "$MOCK_PIDFILE")
	kill -s "$2" "$pid" 2>/dev/null
	left=${4:-0}
	while kill -0 "$pid" 2>/dev/null; do
		case $(ps -o stat= -p "$pid") in Z*) return 0 ;; esac
		[ "$left" -gt 0 ] || return 2
		sleep 1
		left=$((left - 1))
	done
	return 0
}
