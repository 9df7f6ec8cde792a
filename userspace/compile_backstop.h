/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keep list as the kernel module has it: rules and prefixes, gone through one after another.
 */
#ifndef CORDON_COMPILE_BACKSTOP_H
#define CORDON_COMPILE_BACKSTOP_H

#include "image.h"
#include "policy.h"
#include "prefix.h"

/**
 * cordon_compile_backstop() - what passes under a latch, into @image
 *
 * Never less than the matrices let pass.  What there is no room for is told more widely: a zone as
 * any address, a rule as any service, all rules into the node as one for anything; at last, for
 * a thousand rules of the keep list, nothing is kept out.
 * Return: 0 or -ENOMEM.
 */
int cordon_compile_backstop(const struct cordon_policy *policy, struct cordon_image *image);

/* Its parts, each into @image.  Return: 0 or -ENOMEM. */
int cordon_backstop_prefix(struct cordon_image *image, const struct cordon_prefix *prefix);
int cordon_backstop_rule(struct cordon_image *image, const struct cordon_module_rule *rule);
/** cordon_backstop_service() - into a rule whose flags are set */
void cordon_backstop_service(struct cordon_module_rule *rule, const struct cordon_service *service);
/** cordon_backstop_builtins() - before anything else. @off: bit n: enum cordon_builtin n */
int cordon_backstop_builtins(struct cordon_image *image, uint32_t off);

#endif
