// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Puts a program of ahead.bpf.c on an interface, ahead of all that are there, until it is killed:
 *
 *	ahead_helper tcx INTERFACE		passes all that leaves (Linux 6.6)
 *	ahead_helper xdp INTERFACE TARGET	sends all that comes in out by TARGET
 *
 * It says "there" when it is.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <net/if.h>

#include "attack/ahead.skel.h"

static struct bpf_link *attach(struct ahead_bpf *ahead, const char *kind, int ifindex)
{
	LIBBPF_OPTS(bpf_tcx_opts, options, .flags = BPF_F_BEFORE);

	if (!strcmp(kind, "tcx"))
		return bpf_program__attach_tcx(ahead->progs.pass_all, ifindex, &options);
	return bpf_program__attach_xdp(ahead->progs.send_all, ifindex);
}

int main(int argc, char **argv)
{
	struct ahead_bpf *ahead;

	if (argc < 3)
		return 2;
	ahead = ahead_bpf__open();
	if (!ahead)
		return 1;
	if (argc > 3)
		ahead->rodata->target = if_nametoindex(argv[3]);
	bpf_program__set_expected_attach_type(ahead->progs.pass_all, BPF_TCX_EGRESS);
	if (ahead_bpf__load(ahead) || !attach(ahead, argv[1], (int)if_nametoindex(argv[2]))) {
		perror(argv[1]);
		return 1;
	}
	puts("there");
	fflush(stdout);
	pause();
	return 0;
}
