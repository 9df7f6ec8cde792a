// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listening sockets of TCP: they begin and end, in the namespace that is guarded.
 * UDP has no such moment; the daemon looks for its sockets.  It decides nothing.
 */
#include <cordon/uapi/connection.h>

#include "maps.h"
#include "ring.h"
#include "socket.h"
#include "state.h"
#include "task.h"

/* include/net/tcp_states.h */
#define STATE_LISTEN 10

/* A container's sockets are its own. */
static __always_inline bool is_ours(const struct sock *sock)
{
	const struct cordon_control *held = find_control();
	const struct cordon_settings *settings;

	if (!held)
		return false;
	settings = find_settings(
		generation_slot(control_generation(held), control_latch(held, bpf_ktime_get_ns())));
	if (!settings)
		return false;
	return !settings->netns ||
	       settings->netns == BPF_CORE_READ(sock, __sk_common.skc_net.net, net_cookie);
}

static __always_inline void tell_socket(struct cordon_event_listen *record, const struct sock *sock)
{
	record->protocol = BPF_CORE_READ(sock, sk_protocol);
	record->port = BPF_CORE_READ(sock, __sk_common.skc_num);
	if (BPF_CORE_READ(sock, __sk_common.skc_family) == 2)
		address_set_ipv4(&record->address, BPF_CORE_READ(sock, __sk_common.skc_rcv_saddr));
	else
		BPF_CORE_READ_INTO(&record->address, sock, __sk_common.skc_v6_rcv_saddr);
}

/* Both begin and end are calls of who has the socket, or his end. */
static __always_inline void tell_process(struct cordon_event_listen *record)
{
	const struct task_struct *task = (const void *)bpf_get_current_task();

	record->start = BPF_CORE_READ(task, group_leader, start_boottime);
	record->owner.cgroup = bpf_get_current_cgroup_id();
	record->owner.pid = record->event.pid;
	record->owner.uid = (__u32)bpf_get_current_uid_gid();
	bpf_get_current_comm(record->owner.comm, sizeof(record->owner.comm));
}

/* Arguments as of include/trace/events/sock.h: the socket, its state, its next state. */
SEC("tp_btf/inet_sock_set_state")
int listen_state(__u64 *arguments)
{
	const struct sock *sock = (const void *)arguments[0];
	const __u32 before = arguments[1], after = arguments[2];
	struct cordon_event_listen *record;

	if ((before == STATE_LISTEN) == (after == STATE_LISTEN) || !is_ours(sock))
		return 0;
	record = event_reserve(&flow_ring, CORDON_EVENT_LISTEN, sizeof(*record),
			       bpf_get_current_pid_tgid() >> 32, bpf_ktime_get_ns());
	if (!record)
		return 0;
	__builtin_memset(&record->event + 1, 0, sizeof(*record) - sizeof(record->event));
	record->how = after == STATE_LISTEN ? CORDON_LISTEN_BEGAN : CORDON_LISTEN_ENDED;
	tell_process(record);
	tell_socket(record, sock);
	bpf_ringbuf_submit(record, event_wake(&flow_ring, FLOW_RING_SIZE));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
