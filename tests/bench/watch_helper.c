// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fork, exec and exit of a program in a tight loop:
 *
 *	watch_helper PROGRAM ROUNDS CPU...    a loop on each CPU at once; prints the nanoseconds of
 *					      a round, the mean of all CPUs
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		_exit(1);
}

static void once(char *program)
{
	char *const arguments[] = { program, "--of", "ordinary", "length", NULL };
	const pid_t child = fork();
	int status;

	if (!child) {
		execv(program, arguments);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		_exit(1);
}

static int loop(char *program, unsigned long rounds, int cpu, int report)
{
	uint64_t took;

	pin(cpu);
	took = now_ns();
	for (unsigned long i = 0; i < rounds; i++)
		once(program);
	took = now_ns() - took;
	return write(report, &took, sizeof(took)) == sizeof(took) ? 0 : 1;
}

int main(int argc, char **argv)
{
	const unsigned long rounds = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
	uint64_t took, sum = 0;
	int report[2], cpus = argc - 3;

	if (!rounds || pipe(report))
		return 2;
	for (int i = 0; i < cpus; i++) {
		if (!fork())
			_exit(loop(argv[1], rounds, atoi(argv[3 + i]), report[1]));
	}
	close(report[1]);
	for (int i = 0; i < cpus; i++) {
		if (read(report[0], &took, sizeof(took)) != sizeof(took))
			return 1;
		sum += took;
	}
	printf("%.1f\n", (double)sum / (double)rounds / cpus);
	return 0;
}
