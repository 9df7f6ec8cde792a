// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon: find the subcommand in the table, run it, make the exit code.  Names
 * are exact: a kill switch must not guess.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd_help.h"
#include "command.h"
#include "guard.h"
#include "recorder.h"
#include "start.h"
#include "table.h"
#include "util/array.h"

static const struct cordon_command commands[] = { CORDON_COMMANDS };

static const struct cordon_command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

/* Half an answer must not pass for a whole one. */
static bool is_written(void)
{
	return !fflush(stdout) && !ferror(stdout);
}

/* What these do they do to the files that they are told, and with no more right than who calls. */
static bool acts_on_node(const struct cordon_command *command, int argc, char **argv)
{
	static const char *const others[] = { "check", "sign", "explain", "events",
					      "log",   "gate", "demo" };

	/* It erases what it hands out. */
	if (argc > 1 && !strcmp(command->name, "log") && !strcmp(argv[1], "key"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (!strcmp(command->name, others[i]))
			return false;
	}
	return true;
}

/* To shut the node is never refused; by other files than its own it is the store alone, which
 * came before main(). */
static int check_guard(const struct cordon_command *command, const struct cordon_call *call)
{
	const bool seals = !strcmp(command->name, "seal");
	uint32_t before;
	int error;

	if (call->context->reads)
		return cordon_guard_renounce(call->failure);
	if (seals && cordon_context_is_node(call->context))
		return 0;
	error = cordon_guard_check(call->context, call->failure);
	if (error && seals && cordon_start_did_store(&before))
		fputs("cordon: the node is shut, until a reboot or a release; nothing more was done:\n",
		      stderr);
	return error;
}

static int run_command(const struct cordon_command *command, const struct cordon_call *call)
{
	int result;

	for (int i = 1; i < call->argc; i++) {
		if (cmd_help_is_asked(call->argv[i]))
			return cmd_help_command(command);
	}
	result = check_guard(command, call);
	if (!result)
		result = command->run(call);
	if ((result < 0 || result == CORDON_EXIT_USAGE) && call->failure->text[0])
		fprintf(stderr, "cordon: %s\n", call->failure->text);
	if (result == CORDON_EXIT_USAGE)
		fprintf(stderr, "usage: cordon %s%s%s\n", command->name,
			command->arguments[0] ? " " : "", command->arguments);
	if (!is_written()) {
		fprintf(stderr, "cordon: cannot write the output: %s\n", strerror(errno));
		return CORDON_EXIT_FAILED;
	}
	if (command->tells)
		cordon_recorder_flush(call->context);
	return result < 0 ? CORDON_EXIT_FAILED : result;
}

int main(int argc, char **argv)
{
	struct cordon_context context = { .root = "", .bpffs = CORDON_BPFFS_DEFAULT };
	struct cordon_failure failure = { .text = "" };
	const struct cordon_command *command;

	if (cordon_context_take(&context, &argc, argv, &failure)) {
		fprintf(stderr, "cordon: %s\n", failure.text);
		return CORDON_EXIT_USAGE;
	}
	if (argc < 2)
		return cmd_help_all(commands, ARRAY_SIZE(commands), stderr);
	if (cmd_help_is_asked(argv[1]))
		return cmd_help_all(commands, ARRAY_SIZE(commands), stdout);
	command = find_command(argv[1]);
	if (!command) {
		fprintf(stderr, "cordon: there is no command %s; see cordon --help\n", argv[1]);
		return CORDON_EXIT_USAGE;
	}
	context.reads = !acts_on_node(command, argc - 1, argv + 1);
	return run_command(command,
			   &(struct cordon_call){ &context, argc - 1, argv + 1, &failure });
}
