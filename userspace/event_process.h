/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The texts of an exec record, and what it and an exit record say in words.
 */
#ifndef CORDON_EVENT_PROCESS_H
#define CORDON_EVENT_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cordon/uapi/process.h>

#include "ecs.h"

/**
 * struct cordon_exec_texts - into a record that is whole; never NULL
 * @arguments: one behind the other, each with its NUL
 */
struct cordon_exec_texts {
	const char *path;
	const char *interpreter;
	const char *directory;
	const char *arguments;
	size_t arguments_size;
};
struct cordon_exec_texts cordon_exec_texts(const struct cordon_event_exec *exec);

/** cordon_exec_command() - program and arguments, cleaned */
void cordon_exec_command(FILE *file, const struct cordon_event_exec *exec);

/** cordon_exit_status_text() - "exit 1", "signal 9" */
void cordon_exit_status_text(FILE *file, uint32_t status);

/** cordon_exit_status_fields() - the same as fields */
void cordon_exit_status_fields(struct cordon_ecs *ecs, uint32_t status);

#endif
