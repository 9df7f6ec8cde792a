// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two tracepoints by which the kernel itself knows which cgroup is which
 * workload.  An object of its own: it alone reads structs of the kernel, whose
 * types take longer to look up than its programs to load.
 */
#include "workload.h"

/* Arguments as of include/trace/events/cgroup.h: the cgroup, its path. */
SEC("tp_btf/cgroup_mkdir")
int cgroup_mkdir(__u64 *arguments)
{
	return workload_learn((const struct cgroup *)arguments[0], (const char *)arguments[1]);
}

SEC("tp_btf/cgroup_rmdir")
int cgroup_rmdir(__u64 *arguments)
{
	return workload_forget((const struct cgroup *)arguments[0]);
}

char LICENSE[] SEC("license") = "GPL";
