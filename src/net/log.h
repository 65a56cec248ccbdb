/*
 * Log events, by datagrams to logd over the socket every process inherits. When it is full lines
 * are kept for a while; above 64 KiB they are counted, and "log,dropped=N" follows when there is
 * room again: logging never waits.
 *
 * A datagram has one line or several with a line feed between them. A line is a digit (the severity
 * of RFC 5424 section 6.2.1: 7 debug, 6 info, 4 warning, 3 error, 1 alert), the role, "[pid]: ",
 * and the event; at most LOG_LINE_MAX bytes in all.
 */
#ifndef NET_LOG_H
#define NET_LOG_H

#include "base/kv.h"

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_ALERT
};

/* Most bytes of one line. */
#define LOG_LINE_MAX 2000

/*
 * fd: the datagram socket to logd, or -1 for lines on stderr. role is stamped on each line
 * ("courieresmtpd", Courier's names).
 */
void log_open(int fd, const char *role);

/*
 * Makes the socket between all processes and logd: fds[0] is logd's end. Large, non-blocking,
 * close-on-exec. 0 or -errno.
 */
int log_socket(int fds[2]);

/* log_event(LOG_LEVEL_INFO, "newmsg", KV_SL("id", id), KV_END) */
#define log_event(level, ...) \
	log_event_pairs(      \
	    level, LOG_NAME_(__VA_ARGS__, 0), (const struct kv[]){LOG_PAIRS_(__VA_ARGS__)})
#define LOG_NAME_(name, ...) name
#define LOG_PAIRS_(name, ...) __VA_ARGS__

void log_event_pairs(enum log_level level, const char *event, const struct kv *pairs);

/*
 * From now on lines leave together, by log_flush: the loop does that at the end of each turn. A
 * line that says what is wrong (error, alert) leaves at once, with those before it.
 */
void log_gather(bool on);

/* Sends what it can. False: something is kept, try again in some milliseconds. */
bool log_flush(void);

/* Lines below this level are not made. */
void log_threshold(enum log_level level);

#endif
