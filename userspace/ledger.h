/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the lockdown level changed on this machine, so that a release finds it
 * as it was: /var/lib/cordon/lockdown, a line "KIND NAME VALUE" each.  A line is
 * on stable storage before what it speaks of is changed, and the first one of a
 * thing stays: it knows how it was.
 */
#ifndef CORDON_LEDGER_H
#define CORDON_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#include "context.h"

/** struct cordon_ledger_line - @kind, @name: without a space; @value: "" or one line */
struct cordon_ledger_line {
	char kind[16];
	char name[256];
	char value[96];
};

/** struct cordon_ledger - free with cordon_ledger_clear() */
struct cordon_ledger {
	const struct cordon_context *context;
	struct cordon_ledger_line *line;
	size_t nr;
};

/** cordon_ledger_read() - Return: 0, also if there is none: it is empty; -errno */
int cordon_ledger_read(const struct cordon_context *context, struct cordon_ledger *ret_ledger);
void cordon_ledger_clear(struct cordon_ledger *ledger);

static inline void cleanup_ledger(struct cordon_ledger *ledger)
{
	cordon_ledger_clear(ledger);
}

/** cordon_ledger_find() - NULL: nothing is noted of it */
const struct cordon_ledger_line *cordon_ledger_find(const struct cordon_ledger *ledger,
						    const char *kind, const char *name);

/** cordon_ledger_note() - before a thing is changed. Return: 0, also if it is noted; -errno: it
 *	must not be changed */
int cordon_ledger_note(struct cordon_ledger *ledger, const char *kind, const char *name,
		       const char *value);

/** cordon_ledger_add() - the same of what changes nothing: on storage with cordon_ledger_save().
 * Return: 0 or -ENOMEM */
int cordon_ledger_add(struct cordon_ledger *ledger, const char *kind, const char *name,
		      const char *value);

/** cordon_ledger_save() - Return: 0 or -errno */
int cordon_ledger_save(const struct cordon_ledger *ledger);

/** cordon_ledger_end() - all is as it was. Return: 0 or -errno */
int cordon_ledger_end(struct cordon_ledger *ledger);

#endif
