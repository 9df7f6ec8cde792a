// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's own digest of a program, by which bpftool calls it, too.
 */
#include "load.h"

#include <errno.h>
#include <stdio.h>

#include <bpf/bpf.h>

#include "util/hex.h"

int cordon_program_tag(const struct cordon_programs *programs, enum cordon_program program,
		       char (*ret_tag)[17])
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	int error;

	if (programs->fd[program] < 0)
		return -ENOENT;
	error = bpf_prog_get_info_by_fd(programs->fd[program], &info, &size);
	if (!error)
		cordon_hex_format(info.tag, sizeof(info.tag), *ret_tag);
	return error;
}
