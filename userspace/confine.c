// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the daemon gives up; see confine.h.
 *
 * The filter names what is refused: what a C library calls changes from version
 * to version, and a kill switch must not stop at a call that nobody thought of.
 */
#include "confine.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tpm.h"
#include "util/array.h"

#define BIT(capability) (1ULL << (capability))

/* That a process may well be in. */
#define GROUPS_MAX 64

/*
 * BPF, PERFMON, NET_ADMIN: maps, programs, hooks, sockets that are cut
 * SYS_ADMIN: what is pinned is found by its number
 * DAC_READ_SEARCH: a cgroup's name by its number
 * LEASE: an order that somebody else's process still writes
 * SYS_RESOURCE: a log goes on in what a disk keeps for root
 */
static const uint64_t kept = BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_NET_ADMIN) |
			     BIT(CAP_SYS_ADMIN) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_LEASE) |
			     BIT(CAP_SYS_RESOURCE);

/* Other memory, other kernels, other mounts and namespaces, devices, the clock. */
static const uint32_t refused[] = {
	__NR_ptrace,
	__NR_process_vm_readv,
	__NR_process_vm_writev,
	__NR_process_madvise,
	__NR_pidfd_getfd,
	__NR_kexec_load,
	__NR_kexec_file_load,
	__NR_init_module,
	__NR_finit_module,
	__NR_delete_module,
	__NR_reboot,
	__NR_swapon,
	__NR_swapoff,
	__NR_mount,
	__NR_umount2,
	__NR_move_mount,
	__NR_open_tree,
	__NR_fsopen,
	__NR_fsmount,
	__NR_mount_setattr,
	__NR_pivot_root,
	__NR_chroot,
	__NR_unshare,
	__NR_setns,
	__NR_settimeofday,
	__NR_clock_settime,
	__NR_clock_adjtime,
	__NR_adjtimex,
	__NR_sethostname,
	__NR_setdomainname,
	__NR_add_key,
	__NR_request_key,
	__NR_keyctl,
	__NR_io_uring_setup,
	__NR_userfaultfd,
	__NR_personality,
	__NR_acct,
	__NR_quotactl,
	__NR_syslog,
#ifdef __NR_iopl
	__NR_iopl,
	__NR_ioperm,
	__NR_modify_ldt,
#endif
};

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "which system calls has this machine?"
#endif

#define HEAD 4
#define TAIL 7
#define NAMESPACES                                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET)

/* The lower half of an argument, as the kernel lays it out. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOWER 0
#else
#define LOWER 4
#endif

/* Another architecture's calls have other numbers, and x32's are beyond ours: all are refused.
 * clone3(2) has its flags where no filter sees them: who is told that there is none takes clone(2).
 */
static size_t build_filter(struct sock_filter *filter)
{
	const struct sock_filter head[HEAD] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 0, ARRAY_SIZE(refused) + 7),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, ARRAY_SIZE(refused) + 5, 0),
	};
	const struct sock_filter tail[TAIL] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]) + LOWER),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};
	size_t nr = HEAD;

	memcpy(filter, head, sizeof(head));
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		filter[nr++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refused[i],
							    (uint8_t)(ARRAY_SIZE(refused) + 4 - i),
							    0);
	memcpy(&filter[nr], tail, sizeof(tail));
	return nr + TAIL;
}

static int filter_calls(void)
{
	struct sock_filter filter[HEAD + ARRAY_SIZE(refused) + TAIL];
	const struct sock_fprog program = {
		.len = (unsigned short)build_filter(filter),
		.filter = filter,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) ? -errno : 0;
}

/* What is not there to begin with, in a container say, is not asked for. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	for (int i = 0; i <= CAP_LAST_CAP; i++) {
		if (!(kept & BIT(i)))
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(data); i++) {
		data[i].permitted &= (uint32_t)(kept >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/* Of no use to who may go past permissions, as a root does who runs us by hand. */
void cordon_confine_groups(void)
{
	gid_t groups[GROUPS_MAX];
	int nr = getgroups(GROUPS_MAX - 1, groups);
	struct stat status;

	if (nr < 0 || stat(TPM_DEVICE, &status) || !status.st_gid)
		return;
	groups[nr++] = status.st_gid;
	if (setgroups((size_t)nr, groups))
		return;
}

int cordon_confine(struct cordon_failure *failure)
{
	int error = drop_capabilities();

	if (!error)
		error = filter_calls();
	return error ? cordon_fail(failure, error, "cannot give up privileges: %s",
				   strerror(-error)) :
		       0;
}
