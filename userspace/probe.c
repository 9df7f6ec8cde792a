// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Questions to the kernel that change nothing.
 */
#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "util/array.h"
#include "util/cleanup.h"

/* include/uapi/linux/magic.h */
#define BPFFS_MAGIC 0xcafe4a11
/* The loopback device is number one in every network namespace. */
#define LOOPBACK_INDEX 1

static bool has_tcx(void)
{
	LIBBPF_OPTS(bpf_prog_query_opts, query);

	return !bpf_prog_query_opts(LOOPBACK_INDEX, BPF_TCX_INGRESS, &query);
}

/* "6.12.0-rc1" is 6 and 12. */
static bool read_release(const char *release, unsigned long *ret_major, unsigned long *ret_minor)
{
	char *end;

	*ret_major = strtoul(release, &end, 10);
	if (*end != '.')
		return false;
	*ret_minor = strtoul(end + 1, NULL, 10);
	return true;
}

int cordon_probe_kernel(struct cordon_failure *failure, bool *ret_tcx)
{
	unsigned long major, minor;
	struct utsname name;

	if (geteuid())
		return cordon_fail(failure, -EPERM, "this needs root");
	/* What fails is said by us, in one line. */
	libbpf_set_print(NULL);
	if (uname(&name) || !read_release(name.release, &major, &minor))
		return cordon_fail(failure, -ENOTSUP, "cannot tell the kernel's version");
	if (major < 6 || (major == 6 && minor < 1))
		return cordon_fail(failure, -ENOTSUP,
				   "kernel %s is too old: 6.1 or newer is needed", name.release);
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return cordon_fail(failure, -ENOTSUP,
				   "the kernel has no BTF (/sys/kernel/btf/vmlinux): "
				   "CONFIG_DEBUG_INFO_BTF is needed");
	*ret_tcx = has_tcx();
	return 0;
}

#define LACK_EARLY "is refused by a time-out, and a denial does not name the process"
#define LACK_BIND "a port that the policy gives to a workload can be taken by others over "

/* @type TRACING: of a tracepoint, else the kind of program that @attach takes. */
static const struct {
	const char *name;
	enum bpf_prog_type type;
	enum bpf_attach_type attach;
	const char *lack;
} tree_hooks[CORDON_PROBE_HOOKS] = {
	{ "connect4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT,
	  "who may not connect over IPv4 " LACK_EARLY },
	{ "connect6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_CONNECT,
	  "who may not connect over IPv6 " LACK_EARLY },
	{ "sendmsg4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_SENDMSG,
	  "who may not send UDP over IPv4 " LACK_EARLY },
	{ "sendmsg6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_SENDMSG,
	  "who may not send UDP over IPv6 " LACK_EARLY },
	{ "bind4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND, LACK_BIND "IPv4" },
	{ "bind6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_BIND, LACK_BIND "IPv6" },
	{ "sock_create", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE,
	  "a denied packet does not name the process that sent it" },
	{ "cgroup_mkdir", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP,
	  "a workload that starts later is taken for the node itself" },
	{ "cgroup_rmdir", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP,
	  "workloads that ended keep their places" },
};

/* One that does nothing; loaded, it says that the kernel knows the hook. */
static int probe_hook(size_t hook)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = tree_hooks[hook].attach);
	int fd CLEANUP(close) = -1;

	if (tree_hooks[hook].type == BPF_PROG_TYPE_TRACING) {
		const int id = libbpf_find_vmlinux_btf_id(tree_hooks[hook].name, BPF_TRACE_RAW_TP);

		if (id < 0)
			return id;
		options.attach_btf_id = (__u32)id;
	}
	fd = bpf_prog_load(tree_hooks[hook].type, "cordon_probe", "GPL", nothing,
			   ARRAY_SIZE(nothing), &options);
	return fd < 0 ? fd : 0;
}

void cordon_probe_hooks(struct cordon_probe_hook ret_hooks[CORDON_PROBE_HOOKS])
{
	for (size_t i = 0; i < CORDON_PROBE_HOOKS; i++)
		ret_hooks[i] = (struct cordon_probe_hook){
			.name = tree_hooks[i].name,
			.lack = tree_hooks[i].lack,
			.error = probe_hook(i),
		};
}

/* The folder itself if it is there, else the one that it will be made in. */
static int find_existing(const char *path, char (*ret_existing)[PATH_MAX], struct statfs *fs)
{
	snprintf(*ret_existing, sizeof(*ret_existing), "%s", path);
	while (statfs(*ret_existing, fs)) {
		char *slash = strrchr(*ret_existing, '/');

		if (errno != ENOENT || !slash || slash == *ret_existing)
			return -errno;
		*slash = '\0';
	}
	return 0;
}

int cordon_probe_bpffs(const struct cordon_context *context, struct cordon_failure *failure)
{
	char existing[PATH_MAX];
	struct statfs fs;

	if (find_existing(context->bpffs, &existing, &fs))
		return cordon_fail(failure, -ENODEV, "%s: %s", context->bpffs, strerror(errno));
	if ((unsigned long)fs.f_type != BPFFS_MAGIC)
		return cordon_fail(failure, -ENODEV,
				   "bpffs is not mounted at %s: mount -t bpf bpf %s", existing,
				   existing);
	return 0;
}

uint64_t cordon_probe_netns(void)
{
	const int fd CLEANUP(close) = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size))
		return 0;
	return cookie;
}
