// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who is logged in; see login.h.
 */
#include "util/login.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/cleanup.h"

uint32_t cordon_login_uid(void)
{
	const int fd CLEANUP(close) = open("/proc/self/loginuid", O_RDONLY | O_CLOEXEC);
	char text[16] = "";

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return CORDON_LOGIN_NONE;
	return (uint32_t)strtoul(text, NULL, 10);
}
