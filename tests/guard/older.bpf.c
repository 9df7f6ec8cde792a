// SPDX-License-Identifier: GPL-2.0-only
/* A program on a hook of the kernel's security, as others have them; it refuses nothing. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("lsm/bpf")
int older(void *context)
{
	(void)context;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
