/*
 * Which system call each profile has. Written as sets of calls that belong together. A refused call
 * gives EPERM, not death, wherever a library may try it by itself (opening a file it reads lazily,
 * a socket to a name service): a peer must not be able to end a process by asking for a rare
 * charset.
 *
 * Tests look at numbers in registers only; what hides behind a pointer cannot be seen, so calls
 * whose arguments are structs (clone3, openat2) are made to look missing.
 */
#include "ports/linux/sandbox_linux.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "base/attr.h"

/* Calls newer than some headers; their numbers are the same on every architecture but Alpha. */
#ifndef __NR_pidfd_send_signal
#define __NR_pidfd_send_signal 424
#endif
#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup 425
#define __NR_io_uring_enter 426
#define __NR_io_uring_register 427
#endif
#ifndef __NR_open_tree
#define __NR_open_tree 428
#define __NR_move_mount 429
#define __NR_fsopen 430
#define __NR_fsconfig 431
#define __NR_fsmount 432
#define __NR_fspick 433
#endif
#ifndef __NR_pidfd_open
#define __NR_pidfd_open 434
#endif
#ifndef __NR_clone3
#define __NR_clone3 435
#endif
#ifndef __NR_close_range
#define __NR_close_range 436
#endif
#ifndef __NR_openat2
#define __NR_openat2 437
#endif
#ifndef __NR_pidfd_getfd
#define __NR_pidfd_getfd 438
#endif
#ifndef __NR_faccessat2
#define __NR_faccessat2 439
#endif
#ifndef __NR_process_madvise
#define __NR_process_madvise 440
#endif
#ifndef __NR_mount_setattr
#define __NR_mount_setattr 442
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

#define ALL_BITS 0xffffffffu
#define SOCK_KIND 0xfu /* the type argument without SOCK_CLOEXEC and SOCK_NONBLOCK */
#define CLONE_NAMESPACES                                                                           \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
	    CLONE_NEWCGROUP)
#define OPEN_CHANGES (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

#define ALLOW(name, set) {.number = __NR_##name, .profiles = (set), .action = CALL_ALLOW}
#define ALLOW_IF(name, set, ...) {__NR_##name, (set), CALL_ALLOW, {__VA_ARGS__}}
#define KILL(name) {.number = __NR_##name, .profiles = IN_ALL, .action = CALL_KILL}
#define BITS(arg, bits, want) {.argument = (arg), .mask = (bits), .value = (want)}
#define EQUAL(arg, want) BITS(arg, ALL_BITS, want)
#define IS_PID(arg) {.argument = (arg), .mask = ALL_BITS, .is_pid = true}
#define IS_NULL(arg) EQUAL(arg, 0), {.argument = (arg), .is_high = true, .mask = ALL_BITS}

/*
 * Sockets of a family and kind with protocol 0 or the one of the kind; of the numbers whose bits
 * are among those, none has such a socket but 1 (ping).
 */
#define ALLOW_SOCKET(set, family, kind, protocol)                                                  \
	ALLOW_IF(socket, set, EQUAL(0, family), BITS(1, SOCK_KIND, kind),                          \
	    BITS(2, ~(unsigned)(protocol), 0))

#define INTERNET (IN_NET_IN | IN_NET_OUT)
#define FILES (IN_STORE | IN_LOOKUP)

const struct sandbox_call sandbox_calls[] = {
	/* --- what event loops do all day --- */
	ALLOW(read, IN_ALL), ALLOW(write, IN_ALL), ALLOW(readv, IN_ALL), ALLOW(writev, IN_ALL),
	ALLOW(pread64, IN_ALL), ALLOW(pwrite64, IN_ALL), ALLOW(preadv, IN_ALL),
	ALLOW(pwritev, IN_ALL), ALLOW(epoll_ctl, IN_ALL), ALLOW(epoll_pwait, IN_ALL),
	ALLOW(epoll_create1, IN_ALL), ALLOW(ppoll, IN_ALL), ALLOW(recvfrom, IN_ALL),
	ALLOW(recvmsg, IN_ALL), ALLOW(recvmmsg, IN_ALL), ALLOW(close, IN_ALL), ALLOW(futex, IN_ALL),
	ALLOW(sendto, IN_ALL & ~IN_NET_IN), ALLOW(sendmsg, IN_ALL & ~IN_NET_IN),
	ALLOW(sendmmsg, IN_ALL & ~IN_NET_IN),
	/* TCP fast open connects while it sends, past the limit on ports. */
	ALLOW_IF(sendto, IN_NET_IN, BITS(3, MSG_FASTOPEN, 0)),
	ALLOW_IF(sendmsg, IN_NET_IN, BITS(2, MSG_FASTOPEN, 0)),
	ALLOW_IF(sendmmsg, IN_NET_IN, BITS(3, MSG_FASTOPEN, 0)), ALLOW(clock_gettime, IN_ALL),
	ALLOW(gettimeofday, IN_ALL), ALLOW(fsync, IN_ALL), ALLOW(fdatasync, IN_ALL),
	ALLOW(getrandom, IN_ALL), ALLOW(lseek, IN_ALL), ALLOW(pselect6, IN_ALL),

	/* --- descriptors --- */
	ALLOW(fcntl, IN_ALL), ALLOW(dup, IN_ALL), ALLOW(dup3, IN_ALL), ALLOW(pipe2, IN_ALL),
	ALLOW(eventfd2, IN_ALL), ALLOW(close_range, IN_ALL), ALLOW(fstat, IN_ALL),
	ALLOW(fstatfs, IN_ALL), ALLOW(ftruncate, IN_ALL), ALLOW(fallocate, IN_ALL),
	ALLOW(sendfile, IN_ALL),
#ifdef __NR_fadvise64
	ALLOW(fadvise64, IN_ALL),
#endif
#ifdef __NR_sync_file_range
	ALLOW(sync_file_range, IN_ALL),
#endif
#ifdef __NR_copy_file_range
	ALLOW(copy_file_range, IN_ALL),
#endif
	ALLOW_IF(ioctl, IN_ALL, EQUAL(1, FIONREAD)), ALLOW_IF(ioctl, IN_ALL, EQUAL(1, FIONBIO)),
	{.number = __NR_ioctl, .profiles = IN_ALL, .action = CALL_REFUSE},

	/* --- sockets we hold --- */
	ALLOW(shutdown, IN_ALL), ALLOW(getsockname, IN_ALL), ALLOW(getpeername, IN_ALL),
	ALLOW(getsockopt, IN_ALL), ALLOW(setsockopt, IN_ALL),
	ALLOW_IF(socketpair, IN_ALL, EQUAL(0, AF_UNIX)), ALLOW(accept4, IN_NET_IN | IN_STORE),
#ifdef __NR_accept
	ALLOW(accept, IN_NET_IN | IN_STORE),
#endif

	/* --- new sockets --- */

	ALLOW_SOCKET(INTERNET, AF_INET, SOCK_DGRAM, IPPROTO_UDP),
	ALLOW_SOCKET(INTERNET, AF_INET6, SOCK_DGRAM, IPPROTO_UDP),
	ALLOW_SOCKET(INTERNET, AF_INET, SOCK_STREAM, IPPROTO_TCP),
	ALLOW_SOCKET(INTERNET, AF_INET6, SOCK_STREAM, IPPROTO_TCP),
	/* Name services, the address list of the machine: refused, and libraries go on without. */
	{__NR_socket, IN_ALL, CALL_REFUSE, {EQUAL(0, AF_UNIX)}},
	{__NR_socket, IN_ALL, CALL_REFUSE, {EQUAL(0, AF_NETLINK)}},
	{__NR_socket, IN_ALL, CALL_REFUSE, {EQUAL(0, AF_INET), BITS(1, SOCK_KIND, SOCK_DGRAM)}},
	{__NR_socket, IN_ALL, CALL_REFUSE, {EQUAL(0, AF_INET), BITS(1, SOCK_KIND, SOCK_STREAM)}},
	{__NR_socket, IN_ALL, CALL_REFUSE, {EQUAL(0, AF_INET6), BITS(1, SOCK_KIND, SOCK_DGRAM)}},
	{__NR_socket, IN_ALL, CALL_REFUSE, {EQUAL(0, AF_INET6), BITS(1, SOCK_KIND, SOCK_STREAM)}},
	KILL(socket), ALLOW(connect, INTERNET), ALLOW(bind, IN_NET_OUT),

	/* --- memory; nothing new to execute, but for the C library's modules --- */
	ALLOW(brk, IN_ALL), ALLOW(munmap, IN_ALL), ALLOW(mremap, IN_ALL), ALLOW(madvise, IN_ALL),
	ALLOW_IF(mprotect, IN_ALL, BITS(2, PROT_EXEC, 0)),
#ifdef __NR_mmap
	ALLOW_IF(mmap, IN_ALL, BITS(2, PROT_EXEC, 0)),
	ALLOW_IF(mmap, FILES, BITS(2, PROT_WRITE, 0)),
#endif
#ifdef __NR_mmap2
	ALLOW_IF(mmap2, IN_ALL, BITS(2, PROT_EXEC, 0)),
	ALLOW_IF(mmap2, FILES, BITS(2, PROT_WRITE, 0)),
#endif
#ifdef __NR_membarrier
	ALLOW(membarrier, IN_ALL),
#endif

	/* --- threads, no processes --- */
	ALLOW_IF(clone, IN_ALL, BITS(0, CLONE_THREAD, CLONE_THREAD), BITS(0, CLONE_NAMESPACES, 0)),
	{__NR_clone, IN_ALL, CALL_REFUSE, {BITS(0, CLONE_NAMESPACES, 0)}}, KILL(clone),
	{.number = __NR_clone3, .profiles = IN_ALL, .action = CALL_MISSING}, ALLOW(exit, IN_ALL),
	ALLOW(exit_group, IN_ALL), ALLOW(set_robust_list, IN_ALL), ALLOW(gettid, IN_ALL),
	ALLOW(sched_yield, IN_ALL), ALLOW(sched_getaffinity, IN_ALL), ALLOW(getcpu, IN_ALL),
	ALLOW(set_tid_address, IN_ALL),
#ifdef __NR_rseq
	ALLOW(rseq, IN_ALL),
#endif

	/* --- signals, to ourselves only --- */
	ALLOW(rt_sigaction, IN_ALL), ALLOW(rt_sigprocmask, IN_ALL), ALLOW(rt_sigreturn, IN_ALL),
	ALLOW(sigaltstack, IN_ALL), ALLOW(rt_sigpending, IN_ALL), ALLOW(rt_sigsuspend, IN_ALL),
	ALLOW(rt_sigtimedwait, IN_ALL), ALLOW(restart_syscall, IN_ALL),
	ALLOW_IF(kill, IN_ALL, IS_PID(0)), ALLOW_IF(tgkill, IN_ALL, IS_PID(0)),
	ALLOW_IF(tkill, IN_ALL, IS_PID(0)), /* the first thread to itself: raise() in musl */
	ALLOW(setitimer, IN_ALL), ALLOW(getitimer, IN_ALL), ALLOW(wait4, IN_ALL),
	ALLOW(waitid, IN_ALL),

	/* --- time, limits, identity: asked, not changed --- */
	ALLOW(clock_getres, IN_ALL), ALLOW(clock_nanosleep, IN_ALL), ALLOW(nanosleep, IN_ALL),
	ALLOW(getpid, IN_ALL), ALLOW(getppid, IN_ALL), ALLOW(getuid, IN_ALL),
	ALLOW(geteuid, IN_ALL), ALLOW(getgid, IN_ALL), ALLOW(getegid, IN_ALL),
	ALLOW(getresuid, IN_ALL), ALLOW(getresgid, IN_ALL), ALLOW(getgroups, IN_ALL),
	ALLOW(uname, IN_ALL), ALLOW(sysinfo, IN_ALL), ALLOW(getrusage, IN_ALL),
	ALLOW(times, IN_ALL), ALLOW(umask, IN_ALL), ALLOW_IF(prlimit64, IN_ALL, IS_NULL(2)),
	ALLOW_IF(prctl, IN_ALL, EQUAL(0, PR_SET_NAME)),
	ALLOW_IF(prctl, IN_ALL, EQUAL(0, PR_GET_NAME)),
	ALLOW_IF(prctl, IN_ALL, EQUAL(0, PR_SET_VMA)),
	ALLOW_IF(prctl, IN_ALL, EQUAL(0, PR_GET_DUMPABLE)),
	ALLOW_IF(prctl, IN_ALL, EQUAL(0, PR_SET_DUMPABLE), EQUAL(1, 0)),
#ifdef __NR_getrlimit
	ALLOW(getrlimit, IN_ALL),
#endif

	/* --- files by name: landlock says which --- */
	ALLOW(openat, IN_STORE), ALLOW_IF(openat, IN_LOOKUP, BITS(2, OPEN_CHANGES, 0)),
	{.number = __NR_openat2, .profiles = IN_ALL, .action = CALL_MISSING},
	ALLOW(getdents64, FILES), ALLOW(faccessat, FILES), ALLOW(faccessat2, FILES),
	ALLOW(readlinkat, FILES), ALLOW(statfs, FILES), ALLOW(getcwd, FILES), ALLOW(chdir, FILES),
	ALLOW(fchdir, FILES), ALLOW(inotify_init1, FILES), ALLOW(inotify_add_watch, FILES),
	ALLOW(inotify_rm_watch, FILES), ALLOW(flock, FILES), ALLOW(unlinkat, IN_STORE),
	ALLOW(linkat, IN_STORE), ALLOW(mkdirat, IN_STORE), ALLOW(truncate, IN_STORE),
	ALLOW(fchmod, IN_STORE), ALLOW(fchmodat, IN_STORE), ALLOW(utimensat, IN_STORE),
#ifdef __NR_renameat
	ALLOW(renameat, IN_STORE),
#endif
#ifdef __NR_renameat2
	ALLOW(renameat2, IN_STORE),
#endif
	/* fstat is a path call with an empty path in some C libraries. */
#ifdef __NR_newfstatat
	ALLOW(newfstatat, FILES),
	ALLOW_IF(newfstatat, IN_ALL, BITS(3, AT_EMPTY_PATH, AT_EMPTY_PATH)),
#endif
#ifdef __NR_fstatat64
	ALLOW(fstatat64, FILES), ALLOW_IF(fstatat64, IN_ALL, BITS(3, AT_EMPTY_PATH, AT_EMPTY_PATH)),
#endif
#ifdef __NR_statx
	ALLOW(statx, FILES), ALLOW_IF(statx, IN_ALL, BITS(2, AT_EMPTY_PATH, AT_EMPTY_PATH)),
#endif

	/* --- older calls of older architectures --- */
#ifdef __NR_open
	ALLOW(poll, IN_ALL), ALLOW(epoll_wait, IN_ALL), ALLOW(pipe, IN_ALL), ALLOW(dup2, IN_ALL),
	ALLOW(pause, IN_ALL), ALLOW(open, IN_STORE),
	ALLOW_IF(open, IN_LOOKUP, BITS(1, OPEN_CHANGES, 0)), ALLOW(stat, FILES),
	ALLOW(lstat, FILES), ALLOW(access, FILES), ALLOW(readlink, FILES), ALLOW(getdents, FILES),
	ALLOW(rename, IN_STORE), ALLOW(unlink, IN_STORE), ALLOW(link, IN_STORE),
	ALLOW(mkdir, IN_STORE), ALLOW(rmdir, IN_STORE), ALLOW(chmod, IN_STORE),
#endif
#ifdef __NR_select
	ALLOW(select, IN_ALL),
#endif
#ifdef __NR__newselect
	ALLOW(_newselect, IN_ALL),
#endif
#ifdef __NR_alarm
	ALLOW(alarm, IN_ALL),
#endif
#ifdef __NR_time
	ALLOW(time, IN_ALL),
#endif
#ifdef __NR_sigreturn
	ALLOW(sigreturn, IN_ALL),
#endif
#ifdef __NR_ugetrlimit
	ALLOW(ugetrlimit, IN_ALL),
#endif

	/* --- 32 bits --- */
#ifdef __NR_fcntl64
	ALLOW(fcntl64, IN_ALL), ALLOW(fstat64, IN_ALL), ALLOW(fstatfs64, IN_ALL),
	ALLOW(ftruncate64, IN_ALL), ALLOW(_llseek, IN_ALL), ALLOW(sendfile64, IN_ALL),
	ALLOW(stat64, FILES), ALLOW(lstat64, FILES), ALLOW(statfs64, FILES),
	ALLOW(truncate64, IN_STORE), ALLOW(getuid32, IN_ALL), ALLOW(geteuid32, IN_ALL),
	ALLOW(getgid32, IN_ALL), ALLOW(getegid32, IN_ALL), ALLOW(getgroups32, IN_ALL),
#endif
#ifdef __NR_clock_gettime64
	ALLOW(clock_gettime64, IN_ALL), ALLOW(clock_nanosleep_time64, IN_ALL),
	ALLOW(futex_time64, IN_ALL), ALLOW(ppoll_time64, IN_ALL), ALLOW(pselect6_time64, IN_ALL),
	ALLOW(recvmmsg_time64, IN_ALL), ALLOW(rt_sigtimedwait_time64, IN_ALL),
	ALLOW(utimensat_time64, IN_STORE),
#endif
#ifdef __NR_socketcall
	/*
	 * One call for all of sockets (i386, s390x): its first argument says which, the others hide
	 * behind a pointer. Where they matter our programs use the calls of their own names
	 * (sandbox_socketcall.c).
	 */
	ALLOW_IF(socketcall, IN_NET_OUT, EQUAL(0, 2 /* bind */)),
	ALLOW_IF(socketcall, INTERNET, EQUAL(0, 3 /* connect */)),
	ALLOW_IF(socketcall, IN_NET_IN | IN_STORE, EQUAL(0, 5 /* accept */)),
	ALLOW_IF(socketcall, IN_NET_IN | IN_STORE, EQUAL(0, 18 /* accept4 */)),
	{__NR_socketcall, IN_ALL, CALL_REFUSE, {BITS(0, ~3u, 0) /* 0 to 3 */}},
	{__NR_socketcall, IN_ALL, CALL_REFUSE, {EQUAL(0, 4 /* listen */)}},
	{__NR_socketcall, IN_ALL, CALL_REFUSE, {EQUAL(0, 5 /* accept */)}},
	{__NR_socketcall, IN_ALL, CALL_REFUSE, {EQUAL(0, 18 /* accept4 */)}},
	{__NR_socketcall, IN_NET_IN, CALL_REFUSE, {EQUAL(0, 11 /* sendto */)}},
	{__NR_socketcall, IN_NET_IN, CALL_REFUSE, {EQUAL(0, 16 /* sendmsg */)}},
	{__NR_socketcall, IN_NET_IN, CALL_REFUSE, {EQUAL(0, 20 /* sendmmsg */)}},
	ALLOW(socketcall, IN_ALL),
#endif

	/* --- what no library does behind our back --- */
	KILL(execve), KILL(execveat), KILL(ptrace), KILL(process_vm_readv), KILL(process_vm_writev),
	KILL(kcmp), KILL(pidfd_open), KILL(pidfd_getfd), KILL(pidfd_send_signal),
	KILL(process_madvise), KILL(unshare), KILL(setns), KILL(chroot), KILL(pivot_root),
	KILL(mount), KILL(umount2), KILL(open_tree), KILL(move_mount), KILL(fsopen), KILL(fsconfig),
	KILL(fsmount), KILL(fspick), KILL(mount_setattr), KILL(mknodat), KILL(open_by_handle_at),
	KILL(bpf), KILL(perf_event_open), KILL(userfaultfd), KILL(io_uring_setup),
	KILL(io_uring_enter), KILL(io_uring_register), KILL(add_key), KILL(request_key),
	KILL(keyctl), KILL(init_module), KILL(finit_module), KILL(delete_module), KILL(kexec_load),
	KILL(reboot), KILL(swapon), KILL(swapoff), KILL(acct), KILL(quotactl), KILL(settimeofday),
	KILL(clock_settime), KILL(clock_adjtime), KILL(adjtimex), KILL(sethostname),
	KILL(setdomainname), KILL(syslog), KILL(vhangup), KILL(fanotify_init),
#ifdef __NR_kexec_file_load
	KILL(kexec_file_load),
#endif
#ifdef __NR_mknod
	KILL(mknod),
#endif
#ifdef __NR_iopl
	KILL(iopl), KILL(ioperm),
#endif
#ifdef __NR_modify_ldt
	KILL(modify_ldt),
#endif
};

const size_t sandbox_call_count = COUNT_OF(sandbox_calls);
