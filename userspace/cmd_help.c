// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Help, printed from the table of subcommands.
 */
#include "cmd_help.h"

#include <string.h>

#include "table.h"

bool cmd_help_is_asked(const char *argument)
{
	return !strcmp(argument, "--help") || !strcmp(argument, "-h");
}

int cmd_help_all(const struct cordon_command *commands, size_t nr, FILE *file)
{
	fputs("usage: cordon COMMAND [ARGUMENT ...]\n\n", file);
	for (size_t i = 0; i < nr; i++)
		fprintf(file, "  %-9s  %s\n", commands[i].name, commands[i].summary);
	fputs("\nWith any command:\n" CORDON_COMMON_OPTIONS, file);
	return file == stdout ? CORDON_EXIT_DONE : CORDON_EXIT_USAGE;
}

int cmd_help_command(const struct cordon_command *command)
{
	printf("usage: cordon %s%s%s\n\n", command->name, command->arguments[0] ? " " : "",
	       command->arguments);
	printf("  %s\n\n%s" CORDON_COMMON_OPTIONS, command->summary, command->options);
	return CORDON_EXIT_DONE;
}
