// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options of a subcommand: exact names only, before or after its arguments.
 */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct cordon_flag *find_flag(const struct cordon_flag *flags, const char *text,
					   size_t length)
{
	for (; flags && flags->name; flags++) {
		if (strlen(flags->name) == length && !memcmp(flags->name, text, length))
			return flags;
	}
	return NULL;
}

/* Return: arguments taken, or -EINVAL. */
static int take_flag(const struct cordon_call *call, const struct cordon_flag *flags, int at)
{
	const char *text = call->argv[at];
	const size_t length = strcspn(text, "=");
	const struct cordon_flag *flag = find_flag(flags, text, length);

	if (!flag)
		return cordon_fail(call->failure, -EINVAL, "unknown option %s", text);
	if (!flag->value && text[length])
		return cordon_fail(call->failure, -EINVAL, "%s takes no value", flag->name);
	if (flag->given)
		*flag->given = true;
	if (!flag->value)
		return 1;
	*flag->value = text[length] ? text + length + 1 : call->argv[at + 1];
	if (!*flag->value)
		return cordon_fail(call->failure, -EINVAL, "%s needs a value", flag->name);
	return text[length] ? 1 : 2;
}

int cordon_call_flags(const struct cordon_call *call, const struct cordon_flag *flags, int least,
		      int most, const char **arguments)
{
	bool plain = false;
	int nr = 0;

	for (int i = 1; i < call->argc;) {
		const char *text = call->argv[i];
		int taken = 1;

		if (!plain && !strcmp(text, "--")) {
			plain = true;
		} else if (!plain && text[0] == '-' && text[1]) {
			taken = take_flag(call, flags, i);
			if (taken < 0)
				return taken;
		} else if (nr >= most) {
			return cordon_fail(call->failure, -EINVAL, "too many arguments: %s", text);
		} else {
			arguments[nr++] = text;
		}
		i += taken;
	}
	if (nr < least)
		return cordon_fail(call->failure, -EINVAL, "an argument is missing");
	return nr;
}

int cordon_call_number(const struct cordon_call *call, const char *name, const char *text,
		       unsigned long least, unsigned long most, unsigned long *ret_number)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || number < least || number > most)
		return cordon_fail(call->failure, -EINVAL, "%s: %s is not a number from %lu to %lu",
				   name, text, least, most);
	*ret_number = number;
	return 0;
}
