// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls at the root cgroup: who makes a socket is remembered; who may not
 * connect, send or take a port is told so at once (EPERM), instead of waiting
 * for an answer that the packet hooks will not let through.
 */
#include "call.h"

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	return call_may_reach(ctx, false);
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	return call_may_reach(ctx, true);
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx)
{
	return call_may_reach(ctx, false);
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *ctx)
{
	return call_may_reach(ctx, true);
}

SEC("cgroup/bind4")
int bind4(struct bpf_sock_addr *ctx)
{
	return call_may_bind(ctx, false);
}

SEC("cgroup/bind6")
int bind6(struct bpf_sock_addr *ctx)
{
	return call_may_bind(ctx, true);
}

SEC("cgroup/sock_create")
int sock_create(struct bpf_sock *sock)
{
	struct cordon_owner *owner;

	owner = bpf_sk_storage_get(&owners, sock, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (owner)
		owner_fill(owner);
	return CALL_ALLOWED;
}

char LICENSE[] SEC("license") = "GPL";
