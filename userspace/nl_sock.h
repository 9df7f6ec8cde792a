/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sockets of this network namespace, connected or listening, and their end: NETLINK_SOCK_DIAG.
 * It decides nothing about them and allocates nothing.
 */
#ifndef CORDON_NL_SOCK_H
#define CORDON_NL_SOCK_H

#include <linux/inet_diag.h>
#include <stdbool.h>
#include <stdint.h>

#include <cordon/uapi/policy.h>
#include <cordon/uapi/record.h>

/**
 * struct cordon_nl_socket - one of TCP or UDP
 * @remote: zero of one that listens
 * @local_port, @remote_port: host byte order
 * @family: AF_INET or AF_INET6; an AF_INET6 one may have IPv4 ends
 * @protocol: IPPROTO_TCP or IPPROTO_UDP
 * @orphan: closed by its process, the kernel only takes leave of the other end
 * @cgroup: id of the cgroup that it was made in, 0: not known
 * @uid: of its process
 * @owner: who made it, where it was asked for and is known, else zero
 * @id: its name in the kernel
 */
struct cordon_nl_socket {
	struct cordon_address local;
	struct cordon_address remote;
	uint16_t local_port;
	uint16_t remote_port;
	uint8_t family;
	uint8_t protocol;
	bool orphan;
	uint64_t cgroup;
	uint32_t uid;
	struct cordon_owner owner;
	struct inet_diag_sockid id;
};

/** cordon_nl_sockets_open() - a way to ask; close() it. Return: fd or -errno */
int cordon_nl_sockets_open(void);

typedef int (*cordon_nl_socket_visitor)(void *state, const struct cordon_nl_socket *socket);

/**
 * cordon_nl_sockets_walk() - visit the sockets of both families; neither those that listen nor
 *	those that have no process any more (TIME_WAIT)
 * @fd: for this walk alone as long as it lasts
 * @visitor: what it returns but 0 ends the walk
 *
 * A socket that is made, closed or destroyed meanwhile may hide another from the walk.
 * Return: 0; what the visitor returned; -EOPNOTSUPP: this kernel cannot; -errno.
 */
int cordon_nl_sockets_walk(int fd, uint8_t protocol, cordon_nl_socket_visitor visitor, void *state);

/**
 * cordon_nl_listeners_walk() - visit those that anybody may reach: TCP that listen, UDP that have a
 *	port and no other end
 * @owners: fd of the map of who made a socket, which the kernel tells of TCP alone; -1: not asked
 */
int cordon_nl_listeners_walk(int fd, uint8_t protocol, int owners, cordon_nl_socket_visitor visitor,
			     void *state);

/**
 * cordon_nl_socket_destroy() - its owner sees ECONNABORTED
 * @fd: another one than that of a walk
 * Return: 0; -ENOENT: it is gone; -EOPNOTSUPP: this kernel cannot (CONFIG_INET_DIAG_DESTROY);
 *	-errno.
 */
int cordon_nl_socket_destroy(int fd, const struct cordon_nl_socket *socket);

#endif
