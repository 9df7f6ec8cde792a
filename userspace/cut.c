// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sockets that the level in force has cut.  A socket does not say who opened
 * it, nor by which interface its packets go: it lives if it may in any way.
 */
#include "cut.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "nl.h"
#include "nl_sock.h"
#include "probe.h"
#include "util/array.h"
#include "util/cleanup.h"

/* A socket that goes may hide another from a walk, and a server may take one more connection
 * from its queue: walked again until none is cut, but not for ever. */
#define WALKS_MAX 4

/*
 * struct cutting
 * @ruled: there is a policy, and @view holds its tables
 * @own: this machine's addresses
 * @walks, @destroys: fds to ask the kernel by
 * @cut: of all walks, but @failed of the last one; @seen last of all
 * @left: in the last walk, that may live
 */
struct cutting {
	const struct cordon_maps *maps;
	struct cordon_standing standing;
	struct cordon_view view;
	struct cordon_tables tables;
	bool ruled;
	struct cordon_nl_addresses own;
	int walks;
	int destroys;
	struct cordon_cut cut;
	uint64_t left;
};

static void cleanup_cutting(struct cutting *cutting)
{
	cordon_view_close(&cutting->view);
	free(cutting->own.entry);
	cleanup_close(&cutting->walks);
	cleanup_close(&cutting->destroys);
}

static bool is_loopback(const struct cordon_address *address)
{
	static const struct cordon_address ipv4 = {
		.bytes = { [10] = 0xff, [11] = 0xff, [12] = 127 }
	};
	static const struct cordon_address ipv6 = { .bytes = { [15] = 1 } };

	return !memcmp(address, &ipv4, 13) || !memcmp(address, &ipv6, sizeof(ipv6));
}

static bool stays_here(const struct cutting *cutting, const struct cordon_nl_socket *socket)
{
	return is_loopback(&socket->remote) ||
	       cordon_nl_addresses_have(&cutting->own, &socket->remote);
}

/* Its own built-in rule lets it pass; DHCPv4 and DHCPv6 (RFC 2131, RFC 8415). */
static bool is_dhcp_client(const struct cutting *cutting, const struct cordon_nl_socket *socket)
{
	if (cutting->ruled && cutting->view.settings->builtins_off >> CORDON_BUILTIN_DHCP & 1)
		return false;
	return socket->protocol == IPPROTO_UDP &&
	       ((socket->local_port == 68 && socket->remote_port == 67) ||
		(socket->local_port == 546 && socket->remote_port == 547));
}

/* As cgroup_identity() of the programs. */
static uint32_t owner_of(const struct cutting *cutting, const struct cordon_nl_socket *socket)
{
	struct cordon_workload workload;
	uint32_t identity;

	if (!(cutting->view.settings->flags & CORDON_SETTINGS_WORKLOADS) ||
	    cordon_hash_get(cutting->maps, CORDON_MAP_WORKLOAD_CGROUPS, &socket->cgroup, &workload))
		return CORDON_IDENTITY_NODE;
	identity = workload.identity[cutting->standing.effective & 1];
	return identity ? identity : CORDON_IDENTITY_NODE;
}

/* Where no zone is tied to an interface, all classes are the same. */
static bool is_allowed(const struct cutting *cutting, struct cordon_question *question)
{
	const bool tied = cutting->view.settings->flags & CORDON_SETTINGS_TIED;
	const uint32_t nr = tied ? cutting->tables.nr_classes : 1;
	const bool latched = cutting->standing.latch != CORDON_LATCH_OPEN;

	for (question->near = 0; question->near < nr; question->near++) {
		if (!cordon_evaluate(&cutting->tables, latched, question).reason)
			return true;
	}
	return false;
}

static bool may_go_out(const struct cutting *cutting, const struct cordon_nl_socket *socket)
{
	struct cordon_question question = {
		.direction = CORDON_DIRECTION_OUT,
		.protocol = socket->protocol,
		.service = socket->remote_port,
		.source = socket->local,
		.destination = socket->remote,
		.local = owner_of(cutting, socket),
	};

	return is_allowed(cutting, &question);
}

static bool may_come_in(const struct cutting *cutting, const struct cordon_nl_socket *socket)
{
	struct cordon_question question = {
		.direction = CORDON_DIRECTION_IN,
		.protocol = socket->protocol,
		.service = socket->local_port,
		.source = socket->remote,
		.destination = socket->local,
		.local = CORDON_IDENTITY_NODE,
	};

	return is_allowed(cutting, &question);
}

static bool may_live(const struct cutting *cutting, const struct cordon_nl_socket *socket)
{
	if (stays_here(cutting, socket) || is_dhcp_client(cutting, socket))
		return true;
	return cutting->ruled && (may_go_out(cutting, socket) || may_come_in(cutting, socket));
}

static int consider(void *state, const struct cordon_nl_socket *socket)
{
	struct cutting *cutting = state;
	int error;

	/* Nobody waits for it, and 6.1 cannot destroy what is about to be TIME_WAIT. */
	if (socket->orphan)
		return 0;
	if (may_live(cutting, socket)) {
		cutting->left++;
		return 0;
	}
	error = cordon_nl_socket_destroy(cutting->destroys, socket);
	if (error == -EOPNOTSUPP)
		return error;
	if (!error)
		cutting->cut.cut++;
	else if (error != -ENOENT)
		cutting->cut.failed++;
	return 0;
}

static int walk_all(struct cutting *cutting)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	int error = 0;

	for (size_t i = 0; !error && i < ARRAY_SIZE(protocols); i++)
		error = cordon_nl_sockets_walk(cutting->walks, protocols[i], consider, cutting);
	return error;
}

static int cut_all(struct cutting *cutting)
{
	uint64_t before;
	int error, walks = WALKS_MAX;

	do {
		before = cutting->cut.cut;
		cutting->left = cutting->cut.failed = 0;
		error = walk_all(cutting);
	} while (!error && cutting->cut.cut != before && --walks);
	cutting->cut.seen = cutting->left + cutting->cut.cut + cutting->cut.failed;
	return error;
}

static int open_rules(struct cutting *cutting)
{
	int error;

	cutting->standing = cordon_standing_read(cutting->maps);
	if (!cutting->standing.effective)
		return 0;
	error = cordon_view_open(cutting->maps, cutting->standing.effective,
				 cutting->standing.latch, &cutting->view);
	if (error)
		return error;
	cutting->tables = cordon_tables_of_view(&cutting->view);
	cutting->ruled = true;
	return 0;
}

static int open_kernel(struct cutting *cutting)
{
	cutting->walks = cordon_nl_sockets_open();
	cutting->destroys = cutting->walks < 0 ? cutting->walks : cordon_nl_sockets_open();
	return cutting->destroys < 0 ? cutting->destroys : 0;
}

static bool guards_another(const struct cutting *cutting)
{
	const uint64_t netns = cutting->ruled ? cutting->view.settings->netns : 0;

	return netns && netns != cordon_probe_netns();
}

/* Open without a policy, or only audited: no packet is dropped. */
static bool denies_nothing(const struct cutting *cutting)
{
	if (cutting->standing.latch != CORDON_LATCH_OPEN)
		return false;
	return !cutting->ruled || cutting->view.settings->flags & CORDON_SETTINGS_AUDIT;
}

int cordon_cut_sockets(const struct cordon_maps *maps, struct cordon_failure *failure,
		       struct cordon_cut *ret_cut)
{
	struct cutting cutting CLEANUP(cutting) = { .maps = maps, .walks = -1, .destroys = -1 };
	int error;

	error = open_rules(&cutting);
	if (error)
		return cordon_fail(failure, error, "cannot read the rules in force: %s",
				   strerror(-error));
	cutting.cut.elsewhere = guards_another(&cutting);
	if (!cutting.cut.elsewhere && !denies_nothing(&cutting)) {
		error = cordon_nl_addresses_read(failure, &cutting.own);
		if (!error)
			error = open_kernel(&cutting);
		if (!error)
			error = cut_all(&cutting);
	}
	cutting.cut.unsupported = error == -EOPNOTSUPP;
	if (error && !cutting.cut.unsupported)
		return cordon_fail(failure, error, "cannot look through the sockets: %s",
				   strerror(-error));
	*ret_cut = cutting.cut;
	return 0;
}
