/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sockets that send and receive past the packet path, AF_PACKET and AF_XDP: those that
 * the kernel lists, of every network namespace; all threads; and, thread by thread,
 * which of these sockets it has by a descriptor or by memory that is mapped, and what
 * can hold others: io_uring and vhost-net have files of their own.  Run by reading from
 * its iterators; it attaches to nothing.
 */
#ifndef CORDON_BPF_BYPASS_H
#define CORDON_BPF_BYPASS_H

#include <cordon/uapi/guard.h>

#include "iterate.h"
#include "socket.h"

/* include/linux/miscdevice.h: VHOST_NET_MINOR, as the kernel numbers devices */
#define VHOST_NET (10U << 20 | 238)

/* include/linux/sched.h: PF_USER_WORKER (from 6.4 on, unused before), PF_KTHREAD */
#define FLAG_USER_WORKER 0x4000
#define FLAG_KERNEL 0x200000

/* What is told of one task fits into what is read at once; a list is gone through to its end. */
#define LISTED_MAX (1U << 20)

struct bpf_iter__task_vma {
	__bpf_md_ptr(struct bpf_iter_meta *, meta);
	__bpf_md_ptr(struct task_struct *, task);
	__bpf_md_ptr(struct vm_area_struct *, vma);
};

struct netns_packet {
	struct hlist_head sklist;
} __attribute__((preserve_access_index));

struct netns_xdp {
	struct hlist_head list;
} __attribute__((preserve_access_index));

/* @list: all namespaces */
struct net___lists {
	struct list_head list;
	struct user_namespace *user_ns;
	struct ns_common ns;
	struct netns_packet packet;
	struct netns_xdp xdp;
} __attribute__((preserve_access_index));

struct task_struct___rings {
	struct io_uring_task *io_uring;
} __attribute__((preserve_access_index));

/* @ioctx_table: of AIO (CONFIG_AIO) */
struct mm_struct___rings {
	struct kioctx_table *ioctx_table;
} __attribute__((preserve_access_index));

/* Until 6.12. */
struct file___count {
	struct {
		__s64 counter;
	} f_count;
} __attribute__((preserve_access_index));

/* Of those past the packet path (guard.h) these two need no call. */
static __always_inline bool is_sought(__u32 family)
{
	return family == FAMILY_PACKET || family == FAMILY_XDP;
}

/* ---- who has one -------------------------------------------------------------------------- */

static __always_inline int tell(struct bpf_iter_meta *meta, const struct task_struct *task,
				const struct file *file, __s32 fd)
{
	struct cordon_bypass found = { .fd = fd };
	const struct sock *sock = sock_of(file);

	if (sock)
		found.family = BPF_CORE_READ(sock, __sk_common.skc_family);
	if (!is_sought(found.family))
		return 0;
	found.start = task_start(task);
	found.inode = BPF_CORE_READ(file, f_inode, i_ino);
	found.pid = task->tgid;
	bpf_seq_write(meta->seq, &found, sizeof(found));
	return 0;
}

static __always_inline int tell_holder(struct bpf_iter_meta *meta, const struct task_struct *task,
				       __s32 what)
{
	struct cordon_bypass found = { .fd = what };

	found.start = task_start(task);
	found.pid = task->tgid;
	bpf_seq_write(meta->seq, &found, sizeof(found));
	return 0;
}

static __always_inline bool is_of_pktgen(const struct file *file)
{
	return BPF_CORE_READ(file, f_inode, i_sb, s_magic) == PROC_MAGIC &&
	       IS_NAMED(BPF_CORE_READ(file, f_path.dentry, d_parent), "pktgen");
}

static __always_inline bool is_vhost(const struct file *file)
{
	return (BPF_CORE_READ(file, f_inode, i_mode) & KIND_MASK) == KIND_CHARACTER &&
	       BPF_CORE_READ(file, f_inode, i_rdev) == VHOST_NET;
}

static __always_inline bool is_ring(const struct file *file)
{
	return BPF_CORE_READ(file, f_inode, i_sb, s_magic) == ANONYMOUS_MAGIC &&
	       IS_NAMED(BPF_CORE_READ(file, f_path.dentry), "[io_uring]");
}

SEC("iter/task_file")
int bypass_files(struct bpf_iter__task_file *ctx)
{
	const struct task_struct *task = ctx->task;
	const struct file *file = ctx->file;

	if (!task || !file)
		return 0;
	if (is_of_pktgen(file))
		return tell_holder(ctx->meta, task, CORDON_BYPASS_SENDER);
	if (is_vhost(file) || is_ring(file))
		return tell_holder(ctx->meta, task, CORDON_BYPASS_HOLDER);
	return tell(ctx->meta, task, file, (__s32)ctx->fd);
}

SEC("iter/task_vma")
int bypass_memory(struct bpf_iter__task_vma *ctx)
{
	const struct task_struct *task = ctx->task;
	const struct file *file;

	if (!task || !ctx->vma)
		return 0;
	file = ctx->vma->vm_file;
	if (!file)
		return 0;
	return is_ring(file) ? tell_holder(ctx->meta, task, CORDON_BYPASS_HOLDER) :
			       tell(ctx->meta, task, file, CORDON_BYPASS_MAPPED);
}

/* ---- all threads -------------------------------------------------------------------------- */

/* One of vhost is of the process that it works for; until 6.4 it was the kernel's own, with the
 * memory of that process. */
static __always_inline bool holds(const struct task_struct *task)
{
	const struct task_struct___rings *of = (const void *)task;
	const struct mm_struct___rings *memory = (const void *)task->mm;

	return task->flags & FLAG_USER_WORKER ||
	       (bpf_core_field_exists(of->io_uring) && BPF_CORE_READ(of, io_uring)) ||
	       (bpf_core_field_exists(memory->ioctx_table) && BPF_CORE_READ(memory, ioctx_table));
}

SEC("iter/task")
int bypass_tasks(struct bpf_iter__task *ctx)
{
	const struct task_struct *task = ctx->task;
	struct cordon_bypass_task told = { .flags = 0 };

	if (!task)
		return 0;
	told.start = task_start(task);
	told.files = (__u64)task->files;
	told.memory = (__u64)task->mm;
	told.pid = task->tgid;
	told.tid = task->pid;
	if (task->flags & FLAG_KERNEL)
		told.flags = CORDON_BYPASS_KERNEL;
	else if (told.memory && holds(task))
		told.flags = CORDON_BYPASS_HOLDS;
	bpf_seq_write(ctx->meta->seq, &told, sizeof(told));
	return 0;
}

/* ---- those that the kernel lists ---------------------------------------------------------- */

/**
 * struct listing - through one kind of the kernel's lists, a namespace after the other
 * A verifier before 6.8 takes what a loop finds here for what it was when the loop began, and
 * leaves out what is done otherwise (kernel commit ab5cfac139ab); a later one counts along. So all
 * of it comes out of the kernel's memory, of which neither knows anything.
 * @first: where it began
 * @net: whose list is read
 * @node: the socket that is next
 * @place: so many were told; negative: so many stood in pages before
 */
struct listing {
	struct seq_file *seq;
	const struct net___lists *first;
	const struct net___lists *net;
	const struct hlist_node *node;
	__s64 place;
};

static __always_inline const struct net___lists *next_of(const struct net___lists *net)
{
	return (const void *)BPF_CORE_READ(net, list.next) -
	       bpf_core_field_offset(struct net___lists, list);
}

/* The head of the list of namespaces is in none: what would be its operations are others. */
static __always_inline const struct net___lists *next_net(const struct net___lists *net)
{
	const struct net___lists *next = next_of(net);

	return BPF_CORE_READ(next, ns.ops) == BPF_CORE_READ(net, ns.ops) ? next : next_of(next);
}

static __always_inline void set_place(struct listing *listing, __s64 place)
{
	bpf_probe_read_kernel(&listing->place, sizeof(place), &place);
}

static __always_inline void enter(struct listing *listing, const struct net___lists *net, bool xdp)
{
	listing->net = net;
	listing->node = xdp ? BPF_CORE_READ(net, xdp.list.first) :
			      BPF_CORE_READ(net, packet.sklist.first);
}

/* Its last descriptor is gone, and soon it is. */
static __always_inline bool is_ending(const struct file *file)
{
	const struct file___count *counted = (const void *)file;

	return !file || (bpf_core_field_exists(counted->f_count) &&
			 !BPF_CORE_READ(counted, f_count.counter));
}

static __always_inline void tell_socket(struct listing *listing, const struct sock *sock)
{
	const struct file *file = BPF_CORE_READ(sock, sk_socket, file);
	struct cordon_bypass_socket socket = { .inode = 0 };
	const struct net___lists *net = listing->net;

	if (is_ending(file))
		return;
	set_place(listing, listing->place + 1);
	if (listing->place <= 0)
		return;
	socket.inode = BPF_CORE_READ(file, f_inode, i_ino);
	socket.family = BPF_CORE_READ(sock, __sk_common.skc_family);
	socket.level = BPF_CORE_READ(net, user_ns, level);
	bpf_seq_write(listing->seq, &socket, sizeof(socket));
}

/* Return: 1: that was the last list, or the page is full */
static __always_inline long go_on(struct listing *listing, bool xdp)
{
	const struct hlist_node *node = listing->node;

	if (!node) {
		enter(listing, next_net(listing->net), xdp);
		return listing->net == listing->first;
	}
	tell_socket(listing,
		    (const void *)node - bpf_core_field_offset(struct sock, __sk_common.skc_node));
	listing->node = BPF_CORE_READ(node, next);
	return listing->place >= CORDON_BYPASS_PAGE;
}

static long go_on_packet(__u32 index, struct listing *listing)
{
	(void)index;
	return go_on(listing, false);
}

static long go_on_xdp(__u32 index, struct listing *listing)
{
	(void)index;
	return go_on(listing, true);
}

/* Return: whether it came to the end of the lists */
static __always_inline bool list_all(struct listing *listing, bool xdp)
{
	long steps;

	enter(listing, listing->first, xdp);
	steps = xdp ? bpf_loop(LISTED_MAX, go_on_xdp, listing, 0) :
		      bpf_loop(LISTED_MAX, go_on_packet, listing, 0);
	return steps < LISTED_MAX && listing->place < CORDON_BYPASS_PAGE;
}

/* With each of the first tasks the page of its number, up to one that says it is the last.  A
 * socket that is closed between two pages makes the next one miss one: who looks again finds it. */
SEC("iter/task")
int bypass_sockets(struct bpf_iter__task *ctx)
{
	const struct nsproxy *namespaces = task_namespaces(bpf_get_current_task_btf());
	const struct net___lists *first = (const void *)BPF_CORE_READ(namespaces, net_ns);
	struct listing listing = { .seq = ctx->meta->seq, .first = first };
	const struct cordon_bypass_socket end = { .family = 0 };

	if (!ctx->task || ctx->meta->seq_num >= CORDON_BYPASS_PAGES)
		return 0;
	set_place(&listing, -(__s64)(ctx->meta->seq_num * CORDON_BYPASS_PAGE));
	if (list_all(&listing, false) &&
	    (!bpf_core_field_exists(first->xdp) || list_all(&listing, true)))
		bpf_seq_write(listing.seq, &end, sizeof(end));
	return 0;
}

#endif
