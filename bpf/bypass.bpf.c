// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets that send and receive past the packet path, of all processes and in every
 * network namespace: AF_PACKET and AF_XDP, by open descriptors, by memory that is
 * mapped from them, and those of the kernel's own lists that nobody has by either:
 * io_uring and vhost-net hold files of their own.  Run by reading from its iterators,
 * that of the hidden ones last; it attaches to nothing.
 */
#include <cordon/uapi/guard.h>

#include "iterate.h"
#include "socket.h"

#define FAMILY_PACKET 17
#define FAMILY_XDP 44

/* include/linux/miscdevice.h: VHOST_NET_MINOR, as the kernel numbers devices */
#define VHOST_NET (10U << 20 | 238)

#define SEEN_MAX 65536

/* What is told of one task fits into what is read at once; a list is gone through to its end. */
#define HIDDEN_MAX 512
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

/* Addresses of those that somebody has by descriptor or memory. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SEEN_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u8);
} bypass_seen SEC(".maps");

static __always_inline bool is_past(__u32 family)
{
	return family == FAMILY_PACKET || family == FAMILY_XDP;
}

/* ---- who has one -------------------------------------------------------------------------- */

static __always_inline int tell(struct bpf_iter_meta *meta, const struct task_struct *task,
				const struct file *file, __s32 fd)
{
	struct cordon_bypass found = { .fd = fd };
	const struct sock *sock = sock_of(file);
	const __u64 key = (__u64)sock;
	const __u8 one = 1;

	if (sock)
		found.family = BPF_CORE_READ(sock, __sk_common.skc_family);
	if (!is_past(found.family))
		return 0;
	bpf_map_update_elem(&bypass_seen, &key, &one, BPF_ANY);
	found.start = task_start(task);
	found.inode = BPF_CORE_READ(file, f_inode, i_ino);
	found.pid = task->tgid;
	bpf_seq_write(meta->seq, &found, sizeof(found));
	return 0;
}

static __always_inline int tell_holder(struct bpf_iter_meta *meta, const struct task_struct *task)
{
	struct cordon_bypass found = { .fd = CORDON_BYPASS_HOLDER };

	found.start = task_start(task);
	found.pid = task->tgid;
	bpf_seq_write(meta->seq, &found, sizeof(found));
	return 0;
}

/* Who writes to one has the module in use, for as long as it sends. */
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

static __always_inline bool holds_others(const struct file *file)
{
	return is_vhost(file) || is_ring(file) || is_of_pktgen(file);
}

SEC("iter/task_file")
int bypass_files(struct bpf_iter__task_file *ctx)
{
	const struct task_struct *task = ctx->task;
	const struct file *file = ctx->file;

	if (!task || !file)
		return 0;
	return holds_others(file) ? tell_holder(ctx->meta, task) :
				    tell(ctx->meta, task, file, (__s32)ctx->fd);
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
	return is_ring(file) ? tell_holder(ctx->meta, task) :
			       tell(ctx->meta, task, file, CORDON_BYPASS_MAPPED);
}

static __always_inline bool has_rings(const struct task_struct *task)
{
	const struct task_struct___rings *of = (const void *)task;
	const struct mm_struct___rings *memory = (const void *)BPF_CORE_READ(task, mm);

	/* One that has ended still shows them. */
	if (!memory)
		return false;
	return BPF_CORE_READ(of, io_uring) ||
	       (bpf_core_field_exists(memory->ioctx_table) && BPF_CORE_READ(memory, ioctx_table));
}

/* Those of io_uring may have no descriptor either, those of AIO have none. */
SEC("iter/task")
int bypass_rings(struct bpf_iter__task *ctx)
{
	const struct task_struct *task = ctx->task;

	return task && has_rings(task) ? tell_holder(ctx->meta, task) : 0;
}

/* ---- those that nobody seems to have ------------------------------------------------------ */

/**
 * struct walk - through the kernel's lists, one namespace after the other
 * @first: where it began
 * @net: whose lists are read
 * @node: the socket that is next
 * @in_xdp: of the second list
 */
struct walk {
	struct seq_file *seq;
	const struct net___lists *first;
	const struct net___lists *net;
	const struct hlist_node *node;
	__u32 in_xdp;
	__u32 told;
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

static __always_inline void enter(struct walk *walk, const struct net___lists *net)
{
	walk->net = net;
	walk->node = BPF_CORE_READ(net, packet.sklist.first);
	walk->in_xdp = 0;
}

/* Return: 1: that was the last one */
static __always_inline long next_list(struct walk *walk)
{
	const struct net___lists *net = walk->net;

	if (!walk->in_xdp && bpf_core_field_exists(net->xdp)) {
		walk->node = BPF_CORE_READ(net, xdp.list.first);
		walk->in_xdp = 1;
		return 0;
	}
	enter(walk, next_net(net));
	return walk->net == walk->first;
}

/* Its last descriptor is gone, and soon it is. */
static __always_inline bool is_ending(const struct file *file)
{
	const struct file___count *counted = (const void *)file;

	return !file || (bpf_core_field_exists(counted->f_count) &&
			 !BPF_CORE_READ(counted, f_count.counter));
}

static __always_inline void tell_hidden(struct walk *walk, const struct sock *sock)
{
	const struct file *file = BPF_CORE_READ(sock, sk_socket, file);
	struct cordon_bypass found = { .fd = CORDON_BYPASS_HIDDEN };

	if (is_ending(file))
		return;
	found.family = BPF_CORE_READ(sock, __sk_common.skc_family);
	found.inode = BPF_CORE_READ(file, f_inode, i_ino);
	bpf_seq_write(walk->seq, &found, sizeof(found));
	walk->told++;
}

static long step(__u32 index, struct walk *walk)
{
	const struct hlist_node *node = walk->node;
	const struct sock *sock =
		(const void *)node - bpf_core_field_offset(struct sock, __sk_common.skc_node);
	const __u64 key = (__u64)sock;

	(void)index;
	if (!node)
		return next_list(walk);
	if (!bpf_map_lookup_elem(&bypass_seen, &key))
		tell_hidden(walk, sock);
	walk->node = BPF_CORE_READ(node, next);
	return walk->told == HIDDEN_MAX;
}

/* Once, with the first task. */
SEC("iter/task")
int bypass_hidden(struct bpf_iter__task *ctx)
{
	const struct nsproxy *namespaces = task_namespaces(bpf_get_current_task_btf());
	struct walk walk = { .seq = ctx->meta->seq };

	if (ctx->meta->seq_num || !ctx->task)
		return 0;
	walk.first = (const void *)BPF_CORE_READ(namespaces, net_ns);
	enter(&walk, walk.first);
	bpf_loop(LISTED_MAX, step, &walk, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
