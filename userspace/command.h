/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a subcommand is.  The table is in main.c; help, completion and manual
 * follow it.
 */
#ifndef CORDON_COMMAND_H
#define CORDON_COMMAND_H

#include <stdbool.h>

#include "context.h"
#include "util/failure.h"

/* Exit codes, and what a command may return beside -errno. */
enum cordon_exit {
	CORDON_EXIT_DONE = 0,
	CORDON_EXIT_FAILED = 1, /* refused, and said why already */
	CORDON_EXIT_USAGE = 2,
	CORDON_EXIT_DEGRADED = 3,
	CORDON_EXIT_NOT_ENFORCING = 4,
};

/**
 * struct cordon_call - one call of a subcommand
 * @argv: [0] is the subcommand, common options are taken out already
 * @failure: one line for main() to print if the command returns -errno, or
 *	what is wrong with the usage
 */
struct cordon_call {
	const struct cordon_context *context;
	int argc;
	char **argv;
	struct cordon_failure *failure;
};

/**
 * struct cordon_command - a subcommand
 * @options: lines of help, each ended by a newline; ""
 * @run: returns -errno with call->failure, or enum cordon_exit
 * @tells: of what it did, in the log; that is written before it ends
 */
struct cordon_command {
	const char *name;
	const char *arguments;
	const char *summary;
	const char *options;
	int (*run)(const struct cordon_call *call);
	bool tells;
};

int cordon_cmd_check(const struct cordon_call *call);
int cordon_cmd_run(const struct cordon_call *call);
int cordon_cmd_apply(const struct cordon_call *call);
int cordon_cmd_confirm(const struct cordon_call *call);
int cordon_cmd_rollback(const struct cordon_call *call);
int cordon_cmd_detach(const struct cordon_call *call);
int cordon_cmd_order(const struct cordon_call *call);
int cordon_cmd_release(const struct cordon_call *call);
int cordon_cmd_sign(const struct cordon_call *call);
int cordon_cmd_seal(const struct cordon_call *call);
int cordon_cmd_evidence(const struct cordon_call *call);
int cordon_cmd_status(const struct cordon_call *call);
int cordon_cmd_explain(const struct cordon_call *call);
int cordon_cmd_counters(const struct cordon_call *call);
int cordon_cmd_events(const struct cordon_call *call);
int cordon_cmd_flows(const struct cordon_call *call);
int cordon_cmd_top(const struct cordon_call *call);
int cordon_cmd_log(const struct cordon_call *call);
int cordon_cmd_gate(const struct cordon_call *call);
int cordon_cmd_demo(const struct cordon_call *call);

/** struct cordon_flag - an option of a subcommand: a switch or one with a value */
struct cordon_flag {
	const char *name;
	bool *given;
	const char **value;
};

/**
 * cordon_call_flags() - read the options of a subcommand
 * @least: plain arguments that it needs
 * @most: and may have
 * @arguments: receives them, room for @most
 * Return: number of plain arguments, or -EINVAL with call->failure.
 */
int cordon_call_flags(const struct cordon_call *call, const struct cordon_flag *flags, int least,
		      int most, const char **arguments);

/** cordon_call_number() - a whole number in bounds. Return: 0, -EINVAL with call->failure */
int cordon_call_number(const struct cordon_call *call, const char *name, const char *text,
		       unsigned long least, unsigned long most, unsigned long *ret_number);

#endif
