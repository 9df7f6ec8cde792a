/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random policies, made as a model without the parser, that crowd together
 * what a compiler could confuse: few zones, many rules that overlap, patterns
 * of interfaces that cover each other.
 */
#ifndef CORDON_TESTS_RANDOM_POLICY_H
#define CORDON_TESTS_RANDOM_POLICY_H

#include "policy.h"
#include "random.h"

/* Return: the caller's to free with cordon_policy_free(). Ends the test without memory. */
struct cordon_policy *random_policy(struct random *random);

/* A protocol and service at or beside the edge of some rule's, or any. */
void random_service(struct random *random, const struct cordon_policy *policy,
		    uint8_t *ret_protocol, uint16_t *ret_service);

/* A name that some pattern of random_policy() may stand for, or none. */
const char *random_interface(struct random *random);

#endif
