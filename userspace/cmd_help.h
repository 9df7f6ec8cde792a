/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Help, printed from the table of subcommands.
 */
#ifndef CORDON_CMD_HELP_H
#define CORDON_CMD_HELP_H

#include <stdio.h>

#include "command.h"

bool cmd_help_is_asked(const char *argument);

/** cmd_help_all() - all commands. Return: exit code: usage unless it was asked for */
int cmd_help_all(const struct cordon_command *commands, size_t nr, FILE *file);
int cmd_help_command(const struct cordon_command *command);

#endif
