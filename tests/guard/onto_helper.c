// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Puts a program that was loaded onto one of its own in place of a pinned one, for a moment:
 *
 *	onto_helper PIN FUNCTION
 */
#include <stdio.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "guard/onto.skel.h"

static int fail(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	struct onto_bpf *theirs = onto_bpf__open(), *onto = onto_bpf__open();
	int target;

	if (argc != 3 || !theirs || !onto)
		return 2;
	bpf_program__set_autoload(theirs->progs.pass_all, false);
	bpf_program__set_autoload(onto->progs.stub, false);
	if (onto_bpf__load(theirs))
		return fail("stub");
	bpf_program__set_attach_target(onto->progs.pass_all, bpf_program__fd(theirs->progs.stub),
				       "stub");
	if (onto_bpf__load(onto))
		return fail("pass_all");
	target = bpf_obj_get(argv[1]);
	if (target < 0 || !bpf_program__attach_freplace(onto->progs.pass_all, target, argv[2]))
		return fail(argv[1]);
	return 0;
}
