/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why an operation failed, in one line for a person.  Whoever notices first
 * writes it; callers pass the error number on; only main() prints.
 */
#ifndef CORDON_UTIL_FAILURE_H
#define CORDON_UTIL_FAILURE_H

/** struct cordon_failure - a zeroed one is empty; the first text stays */
struct cordon_failure {
	char text[512];
};

/**
 * cordon_fail() - note why
 * @error: negative errno
 * Return: @error, so that a guard is one line.
 */
int cordon_fail(struct cordon_failure *failure, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** cordon_fail_also() - add another fault, "WHAT: TEXT", or "TEXT" if @what is NULL; none if @other
 *	is empty.  What has no room ends in "..." */
void cordon_fail_also(struct cordon_failure *failure, const char *what,
		      const struct cordon_failure *other);

#endif
