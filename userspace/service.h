/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services as people write them ("tcp/22", "icmp/echo-request", "gre"), to
 * and from numbers.  It knows no rules.
 */
#ifndef CORDON_SERVICE_H
#define CORDON_SERVICE_H

#include "diag.h"
#include "policy.h"
#include "util/failure.h"

/* Longest text of cordon_service_format() with its NUL. */
#define CORDON_SERVICE_TEXT_SIZE 48

/**
 * cordon_service_parse() - one service
 * @at: where it stands, kept in the service
 * @diag: receives what is wrong and what is allowed
 * Return: 0, -EINVAL.
 */
int cordon_service_parse(const char *text, struct cordon_position at, struct cordon_diag *diag,
			 struct cordon_service *ret_service);

/**
 * cordon_service_read() - of two words, "tcp" and "22"
 * @detail: NULL: the whole protocol
 * Return: 0, -EINVAL with @failure.
 */
int cordon_service_read(const char *protocol, const char *detail, struct cordon_failure *failure,
			struct cordon_service *ret_service);

/** cordon_service_protocol_name() - "tcp" for 6; NULL if it has no name here */
const char *cordon_service_protocol_name(uint8_t protocol);

/**
 * cordon_service_format() - as a policy would write it: "tcp/22",
 *	"icmp/echo-request", "udp/5000-5100", "gre", "proto/47"
 * @first: first service, see cordon_service
 * @last: last one; 0 and 65535: the whole protocol
 */
void cordon_service_format(uint8_t protocol, uint16_t first, uint16_t last,
			   char ret_text[CORDON_SERVICE_TEXT_SIZE]);

#endif
