/*
 * Telling the system's service manager how we are (systemd's notify socket, or nothing).
 */
#ifndef OS_SERVICE_H
#define OS_SERVICE_H

/* "ready", "reloading", "stopping" and a line for status displays. No effect without a manager. */
void service_ready(const char *status);
void service_reloading(void);
void service_stopping(void);

#endif
