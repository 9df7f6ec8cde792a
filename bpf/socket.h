/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is read of the kernel's structs of sockets and network namespaces (CO-RE:
 * only the fields named here, 6.1 to 6.18).
 */
#ifndef CORDON_BPF_SOCKET_H
#define CORDON_BPF_SOCKET_H

#include "core.h"
#include "path.h"

/* include/linux/socket.h: AF_PACKET, AF_XDP */
#define FAMILY_PACKET 17
#define FAMILY_XDP 44

struct net {
	__u64 net_cookie;
} __attribute__((preserve_access_index));

struct net_pointer {
	struct net *net;
} __attribute__((preserve_access_index));

struct sock_common {
	struct hlist_node skc_node;
	__u16 skc_family;
	__be32 skc_rcv_saddr;
	__u16 skc_num;
	struct net_pointer skc_net;
	struct cordon_address skc_v6_rcv_saddr;
} __attribute__((preserve_access_index));

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	struct socket *sk_socket;
} __attribute__((preserve_access_index));

struct socket {
	struct file *file;
	struct sock *sk;
} __attribute__((preserve_access_index));

/** sock_of() - what is behind a file; NULL: it is no socket */
static __always_inline const struct sock *sock_of(const struct file *file)
{
	const struct socket *socket;

	if ((BPF_CORE_READ(file, f_inode, i_mode) & KIND_MASK) != KIND_SOCKET ||
	    BPF_CORE_READ(file, f_inode, i_sb, s_magic) != SOCKET_MAGIC)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

#endif
