/*
 * No service manager that wants to be told.
 */
#include "os/service.h"

void
service_ready(const char *status)
{
	(void)status;
}

void
service_reloading(void)
{
}

void
service_stopping(void)
{
}
