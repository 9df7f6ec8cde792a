/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel module, as the daemon has to do with it: it gives signs of life, and writes down what
 * the module tells.  For daemon.c.
 */
#ifndef CORDON_DAEMON_MODULE_H
#define CORDON_DAEMON_MODULE_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "recorder.h"

/** struct cordon_daemon_module - @fd: where it tells; -1: it is not there, or not yet
 * @family: of the one that is there, which has another each time it is loaded; 0: none
 */
struct cordon_daemon_module {
	const struct cordon_context *context;
	struct cordon_recorder *recorder;
	uint16_t family;
	int fd;
};

void cordon_daemon_module_open(struct cordon_daemon_module *module,
			       const struct cordon_context *context,
			       struct cordon_recorder *recorder);
void cordon_daemon_module_close(struct cordon_daemon_module *module);

/** cordon_daemon_module_tick() - once a second. Return: it was loaded since, and knows nothing */
bool cordon_daemon_module_tick(struct cordon_daemon_module *module);

#endif
