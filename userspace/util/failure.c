// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One line of why.  Prints nothing.
 */
#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

void cordon_fail_also(struct cordon_failure *failure, const char *what,
		      const struct cordon_failure *other)
{
	static const char more[] = "...";
	const size_t used = strlen(failure->text), room = sizeof(failure->text) - used;
	int length;

	if (!other->text[0])
		return;
	length = snprintf(failure->text + used, room, "%s%s%s%s", used ? "; " : "",
			  what ? what : "", what ? ": " : "", other->text);
	if (length >= 0 && (size_t)length >= room)
		memcpy(failure->text + sizeof(failure->text) - sizeof(more), more, sizeof(more));
}
