// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a call costs: cost_helper exec|open ROUNDS PATH prints nanoseconds a round of CPU and
 * waiting, the least of sixty goes: to open and close PATH, or to start and await it, which must be
 * this program. Started as "cost_helper nothing" it ends at once.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GOES 60

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int start_and_wait(const char *path)
{
	char *const arguments[] = { (char *)"true", (char *)"nothing", NULL };
	char *const environment[] = { NULL };
	pid_t child;

	if (posix_spawn(&child, path, NULL, NULL, arguments, environment))
		return -1;
	return waitpid(child, NULL, 0) == child ? 0 : -1;
}

static int open_and_close(const char *path)
{
	const int fd = open(path, O_RDONLY);

	return fd < 0 ? -1 : close(fd);
}

static double go(int (*act)(const char *path), const char *path, long rounds)
{
	const double start = now();

	for (long i = 0; i < rounds; i++) {
		if (act(path))
			exit(EXIT_FAILURE);
	}
	return (now() - start) / (double)rounds;
}

int main(int argc, char **argv)
{
	double least = 0;

	if (argc < 4)
		return argc == 2 ? 0 : 2;
	for (int i = 0; i < GOES; i++) {
		const double took = go(strcmp(argv[1], "exec") ? open_and_close : start_and_wait,
				       argv[3], strtol(argv[2], NULL, 10));

		least = !i || took < least ? took : least;
	}
	printf("%.0f\n", least);
	return 0;
}
