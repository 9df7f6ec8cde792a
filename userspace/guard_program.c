// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The programs of the guard, in the order in which they are attached: first those
 * that tell who is ours.  Without any one of them there is no guard.
 */
#include "guard.h"

#include "util/array.h"

static const char *const programs[] = {
	/* guard_bpf.h */
	"guard_begin",
	"guard_exec",
	"guard_fork",
	"guard_probe",
	"guard_link",
	"guard_link_given",
	"guard_bpf",
	"guard_map",
	"guard_program",
	"guard_mmap",
	"guard_receive",
	/* guard_file.h */
	"guard_create",
	"guard_mkdir",
	"guard_mknod",
	"guard_symlink",
	"guard_unlink",
	"guard_rmdir",
	"guard_rename",
	"guard_link_name",
	"guard_setattr",
	"guard_setxattr",
	"guard_removexattr",
	"guard_open",
	"guard_ioctl",
	"guard_lock",
	"guard_mount",
	"guard_move_mount",
	"guard_umount",
	"guard_remount",
	"guard_pivot",
	/* guard_process.h */
	"guard_kill",
	"guard_sigio",
	"guard_trace",
	"guard_setnice",
	"guard_setioprio",
	"guard_setscheduler",
	"guard_setrlimit",
	"guard_moved",
	/* guard_kernel.h */
	"guard_locked_down",
	"guard_read_file",
	"guard_load_data",
	"guard_capable",
	"guard_perf",
	"guard_socket",
	"guard_send",
	"guard_receive_by",
	"guard_bind",
	"guard_connect",
	"guard_listen",
	"guard_setsockopt",
	/* guard_net.h */
	"guard_netlink",
	"guard_family",
	"guard_family_gone",
};

/* Attached to nothing: run by who asks. */
static const char *const questions[] = {
	"guard_older",	"guard_look",	"bypass_sockets",
	"bypass_tasks", "bypass_files", "bypass_memory",
};

static const char *const maps[CORDON_GUARD_MAP_COUNT] = {
#define CORDON_GUARD_MAP_NAME(name, text) [CORDON_GUARD_MAP_##name] = text,
	CORDON_GUARD_MAPS(CORDON_GUARD_MAP_NAME)
#undef CORDON_GUARD_MAP_NAME
};

const char *cordon_guard_program(size_t index)
{
	return index < ARRAY_SIZE(programs) ? programs[index] : NULL;
}

const char *cordon_guard_question(size_t index)
{
	return index < ARRAY_SIZE(questions) ? questions[index] : NULL;
}

const char *cordon_guard_map_name(enum cordon_guard_map map)
{
	return maps[map];
}
