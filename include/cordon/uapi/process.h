/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What processes do, as bpf/process.bpf.c tells it.  A process is named by its
 * id in the initial namespace and its start, which together are never used
 * again in one boot; threads are not told.  The event's @pid is the process that
 * the record is about, of a fork the parent.
 *
 * Integers are in host byte order.
 */
#ifndef CORDON_UAPI_PROCESS_H
#define CORDON_UAPI_PROCESS_H

#include <linux/types.h>

#include "event.h"

/* Bytes of texts that an exec record holds at most, with their NULs. */
#define CORDON_PATH_TEXT 256
#define CORDON_ARGUMENTS_TEXT 1024

/* cordon_event.flags of EXEC: a text is longer than what is told of it. */
#define CORDON_EXEC_PATH_CUT (1U << 0)
#define CORDON_EXEC_INTERPRETER_CUT (1U << 1)
#define CORDON_EXEC_DIRECTORY_CUT (1U << 2)
#define CORDON_EXEC_ARGUMENTS_CUT (1U << 3)
/* Memory of the process could not be read: arguments are missing. */
#define CORDON_EXEC_ARGUMENTS_UNREAD (1U << 4)
/* By the file's set-user-ID or set-group-ID bit, or its capabilities. */
#define CORDON_EXEC_GAINED (1U << 5)

/**
 * struct cordon_event_fork - a process was made
 * @start: of the parent, CLOCK_BOOTTIME nanoseconds (task_struct.start_boottime)
 * @child_start: of the child
 * @child: its id in the initial namespace
 * @child_own: its id in its own namespace
 */
struct cordon_event_fork {
	struct cordon_event event;
	__u64 start;
	__u64 child_start;
	__u32 child;
	__u32 child_own;
};

/**
 * struct cordon_event_exec - a program was started
 * @start: of the process
 * @parent_start: of its parent
 * @cgroup: id of its cgroup (v2)
 * @inode, @device: of the program, device as in stat(2) by the kernel's numbering:
 *	major << 20 | minor
 * @capabilities: effective, a bit each
 * @parent: id of its parent
 * @own: id of the process in its own namespace
 * @pid_namespace: inode number
 * @uid, @euid, @gid, @egid: in the initial user namespace
 * @login_uid, @session: audit's; ~0: none
 * @tty: device number of the controlling terminal, 0: none
 * @arguments_size: bytes of all arguments with their NULs, told or not
 * @path_size, @interpreter_size, @directory_size, @told_size: bytes of the texts
 *	behind this, each with a NUL: the program as it was asked for, what runs it (no
 *	text if it runs itself), the working directory, and the arguments, of which each
 *	has its NUL
 */
struct cordon_event_exec {
	struct cordon_event event;
	__u64 start;
	__u64 parent_start;
	__u64 cgroup;
	__u64 inode;
	__u64 capabilities;
	__u32 device;
	__u32 parent;
	__u32 own;
	__u32 pid_namespace;
	__u32 uid;
	__u32 euid;
	__u32 gid;
	__u32 egid;
	__u32 login_uid;
	__u32 session;
	__u32 tty;
	__u32 arguments_size;
	__u16 path_size;
	__u16 interpreter_size;
	__u16 directory_size;
	__u16 told_size;
};
_Static_assert(sizeof(struct cordon_event_exec) == 120, "no padding");

/**
 * struct cordon_event_exit - the last thread of a process ended
 * @start: of the process
 * @cpu_ns: user and system time of all its threads, children not counted
 * @peak_kib: the most memory that was resident (VmHWM), in units of 1,024 bytes
 * @status: as wait(2) has it: exit code << 8, or the signal, 0x80 if it dumped core
 */
struct cordon_event_exit {
	struct cordon_event event;
	__u64 start;
	__u64 cpu_ns;
	__u32 peak_kib;
	__u32 status;
};

/** struct cordon_event_cgroup - what a cgroup is called; texts: its path, as of its root */
struct cordon_event_cgroup {
	struct cordon_event event;
	__u64 cgroup;
};

#endif
