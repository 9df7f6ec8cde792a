// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open files of all processes, as the kernel itself goes through them: also of
 * processes that /proc does not show to whoever asks, or that somebody has hidden
 * there.  Run by reading from its iterator; it attaches to nothing.
 */
#include "iterate.h"

#define PATH_SIZE 4096

/* One reader at a time has its own copy of this program. */
char text[PATH_SIZE] SEC(".bss.text");

SEC("iter/task_file")
int files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	/* struct open_file of userspace/load_files.c */
	__u32 head[3];
	long size;

	if (!task || !file)
		return 0;
	size = bpf_d_path(&file->f_path, text, sizeof(text));
	if (size < 0 || size > PATH_SIZE)
		size = 0;
	head[0] = (__u32)task->tgid;
	head[1] = ctx->fd;
	head[2] = (__u32)size;
	bpf_seq_write(ctx->meta->seq, head, sizeof(head));
	if (size)
		bpf_seq_write(ctx->meta->seq, text, (__u32)size);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
