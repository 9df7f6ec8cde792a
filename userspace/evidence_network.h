/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of evidence that are about a network namespace, as the kernel itself
 * tells them by netlink: an object in JSON a line.  Each is written by a child of
 * a bag, which goes into the namespace; no program of the machine is asked, and
 * no module is loaded to answer.
 */
#ifndef CORDON_EVIDENCE_NETWORK_H
#define CORDON_EVIDENCE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "util/print.h"

/**
 * struct cordon_evidence_space - a network namespace
 * @pid: of a process in it
 * @nftables: cordon_evidence_has_nftables()
 */
struct cordon_evidence_space {
	pid_t pid;
	bool nftables;
};

/** cordon_evidence_has_nftables() - this kernel, now; it is the same for all namespaces */
bool cordon_evidence_has_nftables(void);

/* Each @state: struct cordon_evidence_space.  Return: 0; -ENODATA: there is none; -errno */

/** cordon_evidence_routes() - neighbours, routes and rules for routes, of IPv4 and IPv6 */
int cordon_evidence_routes(const void *state, FILE *file);

/** cordon_evidence_nftables() - tables, chains, rules, sets with what is in them, objects */
int cordon_evidence_nftables(const void *state, FILE *file);

/** cordon_evidence_iptables() - those of iptables before nftables, and of ip6tables */
int cordon_evidence_iptables(const void *state, FILE *file);

/** cordon_evidence_enter() - the caller is in the network namespace of a process, for good */
int cordon_evidence_enter(pid_t pid);

/** cordon_evidence_hex() - bytes as digits */
void cordon_evidence_hex(struct json *json, const char *key, const void *bytes, size_t size);

/** cordon_evidence_ip() - an address of AF_INET or AF_INET6; nothing if it is neither */
void cordon_evidence_ip(struct json *json, const char *key, int family, const void *bytes,
			size_t size);

#endif
