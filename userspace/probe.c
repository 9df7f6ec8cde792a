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
static bool read_release(const char *release, struct cordon_probe *probe)
{
	char *end;

	probe->major = (unsigned int)strtoul(release, &end, 10);
	if (end == release || *end != '.')
		return false;
	release = end + 1;
	probe->minor = (unsigned int)strtoul(release, &end, 10);
	return end != release;
}

int cordon_probe_kernel(struct cordon_failure *failure, struct cordon_probe *ret_probe)
{
	struct cordon_probe probe = { .major = 0 };
	struct utsname name;

	if (geteuid())
		return cordon_fail(failure, -EPERM, "this needs root");
	/* What fails is said by us, in one line. */
	libbpf_set_print(NULL);
	if (uname(&name) || !read_release(name.release, &probe))
		return cordon_fail(failure, -ENOTSUP, "cannot tell the kernel's version");
	if (probe.major < 6 || (probe.major == 6 && probe.minor < 1))
		return cordon_fail(failure, -ENOTSUP,
				   "kernel %s is too old: 6.1 or newer is needed", name.release);
	probe.btf = !access("/sys/kernel/btf/vmlinux", R_OK);
	if (!probe.btf)
		return cordon_fail(failure, -ENOTSUP,
				   "the kernel has no BTF (/sys/kernel/btf/vmlinux): "
				   "CONFIG_DEBUG_INFO_BTF is needed");
	probe.tcx = has_tcx();
	*ret_probe = probe;
	return 0;
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
