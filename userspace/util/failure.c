// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One line of why.  Prints nothing.
 */
#include "failure.h"

#include <stdarg.h>
#include <stdio.h>

int cordon_fail(struct cordon_failure *failure, int error, const char *format, ...)
{
	va_list arguments;

	if (failure->text[0])
		return error;
	va_start(arguments, format);
	vsnprintf(failure->text, sizeof(failure->text), format, arguments);
	va_end(arguments);
	return error;
}
