/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guard of the kernel itself, from the latch level on that the policy names
 * (`guard: {kernel_closed_from: ...}`): what could change or read it past all hooks
 * is refused to everybody but the helper.  BPF programs and block devices are
 * refused where their own hooks are (guard_bpf.h, guard_file.h); those that write
 * to others' memory here, and at any level.
 */
#ifndef CORDON_BPF_GUARD_KERNEL_H
#define CORDON_BPF_GUARD_KERNEL_H

#include "guard.h"

/* include/linux/security.h: those before INTEGRITY_MAX change the kernel; 6.1 to 6.18 number them
 * differently. */
enum lockdown_reason {
	LOCKDOWN_INTEGRITY_MAX = 1,
	LOCKDOWN_KCORE,
	LOCKDOWN_KPROBES,
	LOCKDOWN_BPF_WRITE_USER,
	LOCKDOWN_XMON_RW,
	LOCKDOWN_DBG_READ_KERNEL,
};

/* include/linux/kernel_read_file.h */
enum kernel_read_file_id {
	READING_MODULE = 1,
	READING_KEXEC_IMAGE,
	READING_KEXEC_INITRAMFS,
};

enum kernel_load_data_id {
	LOADING_MODULE = 1,
	LOADING_KEXEC_IMAGE,
	LOADING_KEXEC_INITRAMFS,
};

#define KERNEL_VALUE(of, name) bpf_core_enum_value(enum of, name)

/* What rmmod wants, and who writes to disks or ports past the kernel. */
#define CAPABILITY_MODULE 16
#define CAPABILITY_RAW 17

static __always_inline bool is_refused(void)
{
	return guard_stands() && guard_closed() && !guard_is_us();
}

static __always_inline int refuse_kernel(__u16 act, __u64 number, __u32 detail)
{
	struct tried tried = guard_try(act, CORDON_GUARD_OBJECT_KERNEL, number);

	tried.detail = detail;
	guard_tell(&tried);
	return -EPERM;
}

static __always_inline bool changes_kernel(__u32 reason)
{
	return reason < KERNEL_VALUE(lockdown_reason, LOCKDOWN_INTEGRITY_MAX) ||
	       reason == KERNEL_VALUE(lockdown_reason, LOCKDOWN_KCORE) ||
	       reason == KERNEL_VALUE(lockdown_reason, LOCKDOWN_KPROBES) ||
	       reason == KERNEL_VALUE(lockdown_reason, LOCKDOWN_XMON_RW) ||
	       reason == KERNEL_VALUE(lockdown_reason, LOCKDOWN_DBG_READ_KERNEL);
}

SEC("lsm/locked_down")
int guard_locked_down(__u64 *arguments)
{
	const __u32 reason = arguments[0];

	/* A program that writes to the memory of processes, also ours. */
	if (reason == KERNEL_VALUE(lockdown_reason, LOCKDOWN_BPF_WRITE_USER) && guard_stands() &&
	    !guard_is_us())
		return guard_refuse(CORDON_GUARD_ACT_LOAD_MEDDLING, CORDON_GUARD_OBJECT_FOREIGN, 0,
				    NULL);
	if (!changes_kernel(reason) || !is_refused())
		return 0;
	return refuse_kernel(CORDON_GUARD_ACT_MEMORY, reason, 0);
}

/* Arguments: the file, what it is read for, whether its contents follow. */
SEC("lsm/kernel_read_file")
int guard_read_file(__u64 *arguments)
{
	const __u32 id = arguments[1];
	const bool module = id == KERNEL_VALUE(kernel_read_file_id, READING_MODULE);

	if (!module && id != KERNEL_VALUE(kernel_read_file_id, READING_KEXEC_IMAGE) &&
	    id != KERNEL_VALUE(kernel_read_file_id, READING_KEXEC_INITRAMFS))
		return 0;
	if (!is_refused())
		return 0;
	return refuse_kernel(module ? CORDON_GUARD_ACT_LOAD_MODULE : CORDON_GUARD_ACT_KEXEC, id, 0);
}

SEC("lsm/kernel_load_data")
int guard_load_data(__u64 *arguments)
{
	const __u32 id = arguments[0];
	const bool module = id == KERNEL_VALUE(kernel_load_data_id, LOADING_MODULE);

	if (!module && id != KERNEL_VALUE(kernel_load_data_id, LOADING_KEXEC_IMAGE) &&
	    id != KERNEL_VALUE(kernel_load_data_id, LOADING_KEXEC_INITRAMFS))
		return 0;
	if (!is_refused())
		return 0;
	return refuse_kernel(module ? CORDON_GUARD_ACT_LOAD_MODULE : CORDON_GUARD_ACT_KEXEC, id, 0);
}

/* Arguments: whose, in which user namespace, the capability, options. */
SEC("lsm/capable")
int guard_capable(__u64 *arguments)
{
	const __u32 capability = arguments[2];

	if (capability != CAPABILITY_MODULE && capability != CAPABILITY_RAW)
		return 0;
	if (!is_refused())
		return 0;
	return refuse_kernel(capability == CAPABILITY_MODULE ? CORDON_GUARD_ACT_USE_MODULES :
							       CORDON_GUARD_ACT_MEMORY,
			     0, 0);
}

/* A probe may change what a process runs (guard_probe). What is asked for no kernel since 6.12
 * says. */
SEC("lsm/perf_event_open")
int guard_perf(void *arguments)
{
	(void)arguments;
	return is_refused() ? refuse_kernel(CORDON_GUARD_ACT_PROBE, 0, 0) : 0;
}

/* Arguments: family, type, protocol, whether the kernel makes it for itself. */
SEC("lsm/socket_create")
int guard_socket(__u64 *arguments)
{
	const __u32 family = arguments[0];

	if (!guard_is_past(family) || arguments[3] || !is_refused())
		return 0;
	return refuse_kernel(CORDON_GUARD_ACT_SOCKET, 0, family);
}

/* One of before. The helper makes it deaf, and what holds it there (bypass.c). */
static __always_inline int check_use(const struct socket *socket)
{
	const struct sock *sock = socket->sk;
	const __u32 family = sock ? sock->__sk_common.skc_family : 0;

	if (!guard_is_past(family) || !is_refused())
		return 0;
	return refuse_kernel(CORDON_GUARD_ACT_SOCKET_USE, 0, family);
}

#define CHECK_USE(program, hook)                                                                   \
	SEC("lsm/" #hook) int program(__u64 *arguments)                                            \
	{                                                                                          \
		return check_use((const struct socket *)arguments[0]);                             \
	}
CHECK_USE(guard_send, socket_sendmsg)
CHECK_USE(guard_receive_by, socket_recvmsg)
CHECK_USE(guard_bind, socket_bind)
CHECK_USE(guard_connect, socket_connect)
CHECK_USE(guard_listen, socket_listen)
CHECK_USE(guard_setsockopt, socket_setsockopt)

#endif
