// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets that send and receive past the packet path, of all processes and in every
 * network namespace: AF_PACKET and AF_XDP, by open descriptors and by memory that
 * is mapped from them.  Run by reading from its iterators; it attaches to nothing.
 */
#include <cordon/uapi/guard.h>

#include "iterate.h"
#include "socket.h"

#define SOCKET_MAGIC 0x534f434b

#define FAMILY_PACKET 17
#define FAMILY_XDP 44

struct bpf_iter__task_vma {
	__bpf_md_ptr(struct bpf_iter_meta *, meta);
	__bpf_md_ptr(struct task_struct *, task);
	__bpf_md_ptr(struct vm_area_struct *, vma);
};

/* 0: it is no socket */
static __always_inline __u32 family_of(const struct file *file)
{
	const struct socket *socket;

	if ((BPF_CORE_READ(file, f_inode, i_mode) & KIND_MASK) != KIND_SOCKET ||
	    BPF_CORE_READ(file, f_inode, i_sb, s_magic) != SOCKET_MAGIC)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk, __sk_common.skc_family);
}

static __always_inline int tell(struct bpf_iter_meta *meta, const struct task_struct *task,
				const struct file *file, __s32 fd)
{
	struct cordon_bypass found = { .fd = fd };

	found.family = family_of(file);
	if (found.family != FAMILY_PACKET && found.family != FAMILY_XDP)
		return 0;
	found.start = task_start(task);
	found.inode = BPF_CORE_READ(file, f_inode, i_ino);
	found.pid = task->tgid;
	bpf_seq_write(meta->seq, &found, sizeof(found));
	return 0;
}

SEC("iter/task_file")
int bypass_files(struct bpf_iter__task_file *ctx)
{
	return ctx->task && ctx->file ? tell(ctx->meta, ctx->task, ctx->file, (__s32)ctx->fd) : 0;
}

SEC("iter/task_vma")
int bypass_memory(struct bpf_iter__task_vma *ctx)
{
	const struct file *file;

	if (!ctx->task || !ctx->vma)
		return 0;
	file = ctx->vma->vm_file;
	return file ? tell(ctx->meta, ctx->task, file, CORDON_BYPASS_MAPPED) : 0;
}

char LICENSE[] SEC("license") = "GPL";
