/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diagnostics: what is wrong with an input, where, and what is allowed.  A
 * stage that reads something collects them here and returns -EINVAL; only a
 * command prints them.  Never terminates the program.
 */
#ifndef CORDON_DIAG_H
#define CORDON_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A person mends the first few; a broken file of a million lines must not
 * fill memory.  Further ones are only counted. */
#define CORDON_DIAG_MAX 20

/** struct cordon_position - a place in a file; line and column start at 1, 0: none */
struct cordon_position {
	const char *file; /* not owned; lives as long as the policy's file list */
	uint32_t line;
	uint32_t column;
};

enum cordon_severity {
	CORDON_SEVERITY_ERROR,
	CORDON_SEVERITY_WARNING,
};

struct cordon_diagnostic {
	char *file; /* owned */
	uint32_t line;
	uint32_t column;
	enum cordon_severity severity;
	char *text; /* owned: one line, no newline at its end */
};

/** struct cordon_diag - a zeroed one is empty and ready */
struct cordon_diag {
	struct cordon_diagnostic entry[CORDON_DIAG_MAX];
	size_t stored;
	size_t errors;	 /* all of them, stored or not */
	size_t warnings; /* likewise */
};

void cordon_diag_error(struct cordon_diag *diag, struct cordon_position at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void cordon_diag_warning(struct cordon_diag *diag, struct cordon_position at, const char *format,
			 ...) __attribute__((format(printf, 3, 4)));

/**
 * cordon_diag_format() - one diagnostic as "file:line:column: error: text"
 * Return: a string that the caller frees, NULL without memory.
 */
char *cordon_diag_format(const struct cordon_diagnostic *diagnostic);

void cordon_diag_clear(struct cordon_diag *diag);

#endif
