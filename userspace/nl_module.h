/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel module, spoken to: <cordon/uapi/module.h> in C.  Allocates nothing; decides
 * nothing.
 */
#ifndef CORDON_NL_MODULE_H
#define CORDON_NL_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/module.h>

#include "util/failure.h"

/** struct cordon_module - close with cordon_module_close(); @fd -1: there is none */
struct cordon_module {
	int fd;
	uint16_t family;
};

/** cordon_module_open() - Return: 0; -ENOENT: it is not loaded; -errno */
int cordon_module_open(struct cordon_module *ret_module);
void cordon_module_close(struct cordon_module *module);

static inline void cleanup_module(struct cordon_module *module)
{
	cordon_module_close(module);
}

/** struct cordon_module_state - what GET answers; @silent: valid if @watched */
struct cordon_module_state {
	uint32_t latch;
	uint32_t flags;
	uint32_t certificates;
	uint32_t threshold;
	uint32_t map;
	uint32_t programs;
	uint32_t rules;
	uint32_t prefixes;
	uint64_t counter;
	uint64_t dropped_in;
	uint64_t dropped_out;
	uint32_t watch_seconds;
	uint32_t watch_latch;
	uint32_t silent;
	bool watched;
	char owner[256];
	char node[64];
	uint8_t digest[32];
};

int cordon_module_get(const struct cordon_module *module, struct cordon_module_state *ret_state);

/** struct cordon_module_setup - as uapi/module.h has it; @challenge: NULL: none */
struct cordon_module_setup {
	const char *owner;
	const char *node;
	const char *fleets;
	uint32_t threshold;
	uint64_t counter;
	uint64_t boot;
	const uint8_t *challenge;
	const uint8_t *digest;
	uint32_t watch_seconds;
	uint32_t watch_latch;
};

/* Each returns 0, or -errno with @failure in the module's words. */
int cordon_module_setup(const struct cordon_module *module, const struct cordon_module_setup *setup,
			struct cordon_failure *failure);
int cordon_module_certificate(const struct cordon_module *module, const void *der, size_t size,
			      struct cordon_failure *failure);
int cordon_module_finish(const struct cordon_module *module, struct cordon_failure *failure);

struct cordon_module_keep {
	const struct cordon_module_rule *rule;
	size_t rules;
	const struct cordon_module_prefix *prefix;
	size_t prefixes;
	const struct cordon_module_interface *excluded;
	size_t exclusions;
	uint32_t builtins_off;
};

int cordon_module_keep(const struct cordon_module *module, const struct cordon_module_keep *keep,
		       struct cordon_failure *failure);
int cordon_module_map(const struct cordon_module *module, int fd, struct cordon_failure *failure);
int cordon_module_order(const struct cordon_module *module, const void *cms, size_t size,
			struct cordon_failure *failure);

/** cordon_module_tighten() - @ret_before: the level until then */
int cordon_module_tighten(const struct cordon_module *module, uint32_t level, uint32_t *ret_before);
int cordon_module_stand(const struct cordon_module *module);
int cordon_module_beat(const struct cordon_module *module);

#endif
