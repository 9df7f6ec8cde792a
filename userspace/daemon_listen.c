// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Listening sockets, as the daemon has them told; see daemon_listen.h.
 */
#include "daemon_listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach_listen.h"
#include "nl_sock.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define LOOK_NS 10000000000ULL

/* More are not told apart from one look to the next. */
#define SOCKETS_MAX 4096

/** struct look - the sockets of one look, @room for more */
struct look {
	struct cordon_daemon_socket *socket;
	size_t nr;
};

static uint64_t cookie_of(const struct cordon_nl_socket *socket)
{
	return (uint64_t)socket->id.idiag_cookie[1] << 32 | socket->id.idiag_cookie[0];
}

static struct cordon_event_listen record_of(const struct cordon_nl_socket *socket)
{
	struct cordon_event_listen record = {
		.event = { .size = sizeof(record),
			   .type = CORDON_EVENT_LISTEN,
			   .pid = socket->owner.pid },
		.owner = socket->owner,
		.address = socket->local,
		.port = socket->local_port,
		.protocol = socket->protocol,
	};

	/* What the kernel itself knows, also of those that are older than we are. */
	if (!record.owner.pid)
		record.owner.uid = socket->uid;
	if (!record.owner.cgroup)
		record.owner.cgroup = socket->cgroup;
	return record;
}

static void tell(const struct cordon_daemon_listen *listen, const struct cordon_event_listen *told,
		 enum cordon_listen how)
{
	struct cordon_event_listen record = *told;

	record.how = (uint8_t)how;
	cordon_recorder_tell(listen->recorder, &record.event);
}

static int tell_found(void *state, const struct cordon_nl_socket *socket)
{
	const struct cordon_event_listen record = record_of(socket);

	tell(state, &record, CORDON_LISTEN_FOUND);
	return 0;
}

static int add_socket(void *state, const struct cordon_nl_socket *socket)
{
	struct look *look = state;
	struct cordon_daemon_socket *added;

	if (!socket->local_port)
		return 0;
	if (look->nr == SOCKETS_MAX)
		return -ENOSPC;
	added = array_push(look->socket, look->nr);
	if (!added)
		return -ENOMEM;
	added->cookie = cookie_of(socket);
	added->told = record_of(socket);
	return 0;
}

static int by_cookie(const void *a, const void *b)
{
	const struct cordon_daemon_socket *x = a, *y = b;

	return (x->cookie > y->cookie) - (x->cookie < y->cookie);
}

/* Those of @some that are not among @others. */
static void tell_missing(const struct cordon_daemon_listen *listen, const struct look *some,
			 const struct look *others, enum cordon_listen how)
{
	size_t at = 0;

	for (size_t i = 0; i < some->nr; i++) {
		while (at < others->nr && others->socket[at].cookie < some->socket[i].cookie)
			at++;
		if (at == others->nr || others->socket[at].cookie != some->socket[i].cookie)
			tell(listen, &some->socket[i].told, how);
	}
}

/* A look that was not whole tells nothing. */
static void look_at_udp(struct cordon_daemon_listen *listen, enum cordon_listen how)
{
	const struct look before = { listen->udp, listen->nr };
	struct look now = { NULL, 0 };

	if (cordon_nl_listeners_walk(listen->sockets, IPPROTO_UDP, -1, add_socket, &now)) {
		free(now.socket);
		return;
	}
	if (now.nr)
		qsort(now.socket, now.nr, sizeof(*now.socket), by_cookie);
	tell_missing(listen, &now, &before, how);
	tell_missing(listen, &before, &now, CORDON_LISTEN_ENDED);
	free(listen->udp);
	listen->udp = now.socket;
	listen->nr = now.nr;
}

void cordon_daemon_listen_open(struct cordon_daemon_listen *listen,
			       const struct cordon_context *context, const struct cordon_live *live,
			       struct cordon_recorder *recorder)
{
	struct cordon_failure failure = { .text = "" };

	*listen = (struct cordon_daemon_listen){ .recorder = recorder };
	/* First the kernel: who begins in between is told twice rather than never. */
	if (cordon_listen_attach(context, &failure))
		fprintf(stderr, "cordon: %s; the log is without sockets that begin to listen\n",
			failure.text);
	listen->sockets = cordon_nl_sockets_open();
	listen->look_by = cordon_clock_ns() + LOOK_NS;
	if (listen->sockets < 0)
		return;
	cordon_nl_listeners_walk(listen->sockets, IPPROTO_TCP, live->maps.fd[CORDON_MAP_OWNERS],
				 tell_found, listen);
	look_at_udp(listen, CORDON_LISTEN_FOUND);
}

void cordon_daemon_listen_close(struct cordon_daemon_listen *listen)
{
	cleanup_close(&listen->sockets);
	free(listen->udp);
	listen->udp = NULL;
}

void cordon_daemon_listen_tick(struct cordon_daemon_listen *listen)
{
	const uint64_t now = cordon_clock_ns();

	if (listen->sockets < 0 || now < listen->look_by)
		return;
	listen->look_by = now + LOOK_NS;
	look_at_udp(listen, CORDON_LISTEN_BEGAN);
}
