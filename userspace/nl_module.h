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

/** cordon_module_get() - Return: 0; -EPROTONOSUPPORT: it is of another version; -errno */
int cordon_module_get(const struct cordon_module *module, struct cordon_module_state *ret_state);

/* Each returns 0, or -errno with @failure in words. */
int cordon_module_setup(const struct cordon_module *module, const struct cordon_module_setup *setup,
			struct cordon_failure *failure);
int cordon_module_certificate(const struct cordon_module *module, const void *der, size_t size,
			      struct cordon_failure *failure);
int cordon_module_finish(const struct cordon_module *module, struct cordon_failure *failure);

/** struct cordon_module_list - a keep list: its head and the arrays that it counts */
struct cordon_module_list {
	struct cordon_module_keep head;
	const struct cordon_module_rule *rule;
	const struct cordon_module_prefix *prefix;
	const struct cordon_module_interface *excluded;
};

int cordon_module_keep(const struct cordon_module *module, const struct cordon_module_list *list,
		       struct cordon_failure *failure);
int cordon_module_map(const struct cordon_module *module, int fd, struct cordon_failure *failure);
int cordon_module_order(const struct cordon_module *module, const void *cms, size_t size,
			struct cordon_failure *failure);

/**
 * cordon_module_listen() - to what it tells
 * @ret_fd: the caller's, which does not wait
 * Return: 0; -ENOENT: it is not loaded; -errno.
 */
int cordon_module_listen(int *ret_fd);

/** cordon_module_hear() - the next that it told. Return: 0; -EAGAIN: no more; -errno */
int cordon_module_hear(int fd, struct cordon_module_event *ret_event);

/** cordon_module_is_loaded() - some version of it */
bool cordon_module_is_loaded(void);

/** cordon_module_tighten() - Return: 0; -EPERM: it is not closed: nobody could release it; -errno */
int cordon_module_tighten(const struct cordon_module *module, uint32_t level);
int cordon_module_stand(const struct cordon_module *module);
int cordon_module_beat(const struct cordon_module *module);

#endif
