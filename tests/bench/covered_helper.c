// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a command once and prints, as one line of JSON, when all of some pinned
 * links ran a program that judges packets, and what the whole command took:
 * `covered_helper NETNS PIN... -- COMMAND...`.  That is how long the interfaces
 * of a node stood open after its start, for the policy is in force before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bench/helper.h"

static int enter_network(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 || setns(fd, CLONE_NEWNET) ? -errno : 0;
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Ours are called ingress_... and egress_...; what stands in for them is not. */
static bool judges(const char *pin)
{
	struct bpf_link_info link = { 0 };
	struct bpf_prog_info program = { 0 };
	__u32 link_size = sizeof(link), program_size = sizeof(program);
	const int fd = bpf_obj_get(pin);
	int program_fd = -1;

	if (fd >= 0 && !bpf_link_get_info_by_fd(fd, &link, &link_size))
		program_fd = bpf_prog_get_fd_by_id(link.prog_id);
	if (program_fd >= 0)
		bpf_prog_get_info_by_fd(program_fd, &program, &program_size);
	close(fd);
	close(program_fd);
	return strstr(program.name, "gress_");
}

static bool all_judge(char **pins)
{
	while (strcmp(*pins, "--")) {
		if (!judges(*pins++))
			return false;
	}
	return true;
}

/* Looks every tenth of a millisecond, which takes little from the command. */
static int watch(pid_t child, char **pins, double *ret_covered)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	int status;

	while (waitpid(child, &status, WNOHANG) != child) {
		if (!*ret_covered && all_judge(pins))
			*ret_covered = now_ms();
		nanosleep(&pause, NULL);
	}
	if (!*ret_covered && all_judge(pins))
		*ret_covered = now_ms();
	return status;
}

static char **find_command(char **argv)
{
	while (*argv && strcmp(*argv, "--"))
		argv++;
	return *argv ? argv + 1 : argv;
}

int main(int argc, char **argv)
{
	double start, covered = 0;
	char **command;
	pid_t child;
	int status;

	command = argc < 4 ? NULL : find_command(argv + 2);
	if (!command || !*command || enter_network(argv[1])) {
		fprintf(stderr, "covered_helper NETNS PIN... -- COMMAND...: %s\n", strerror(errno));
		return 1;
	}
	start = now_ms();
	child = fork();
	if (!child)
		become(command);
	if (child < 0)
		return 1;
	status = watch(child, argv + 2, &covered);
	printf("{\"covered_ms\":%.3f,\"ms\":%.3f,\"status\":%d}\n", covered ? covered - start : -1,
	       now_ms() - start, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}
