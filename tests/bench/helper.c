// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the helpers of the bench share.
 */
#include "bench/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(1);
}

void become(char **argv)
{
	dup2(open("/dev/null", O_WRONLY), 1);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}
