// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a command once and prints what it took, as one line of JSON:
 * `time_helper NETNS COMMAND...`.  It is small, so that the peak memory that
 * the kernel reports for the child is the child's own and not its parent's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/helper.h"

static int enter_network(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 || setns(fd, CLONE_NEWNET) ? -errno : 0;
}

int main(int argc, char **argv)
{
	struct timespec start, end;
	struct rusage usage;
	pid_t child;
	int status;

	if (argc < 3 || enter_network(argv[1])) {
		fprintf(stderr, "time_helper NETNS COMMAND...: %s\n", strerror(errno));
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	child = vfork();
	if (!child)
		become(argv + 2);
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("{\"ms\":%.3f,\"rss_kb\":%ld,\"status\":%d}\n",
	       (double)(end.tv_sec - start.tv_sec) * 1e3 +
		       (double)(end.tv_nsec - start.tv_nsec) / 1e6,
	       usage.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}
