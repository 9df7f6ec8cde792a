// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a command once and prints, as one line of JSON, when all of some files
 * were there, and what the whole command took:
 * `covered_helper NETNS FILE... -- COMMAND...`.  The files are pins of links, so
 * what is told is how long the interfaces of a node stood open after its start.
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

static void run_command(char **argv)
{
	const int null = open("/dev/null", O_WRONLY);

	dup2(null, 1);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

static bool are_there(char **files)
{
	while (strcmp(*files, "--")) {
		if (access(*files++, F_OK))
			return false;
	}
	return true;
}

/* Looks every tenth of a millisecond, which takes little from the command. */
static int watch(pid_t child, char **files, double *ret_covered)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	int status;

	while (waitpid(child, &status, WNOHANG) != child) {
		if (!*ret_covered && are_there(files))
			*ret_covered = now_ms();
		nanosleep(&pause, NULL);
	}
	if (!*ret_covered && are_there(files))
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
		fprintf(stderr, "covered_helper NETNS FILE... -- COMMAND...: %s\n",
			strerror(errno));
		return 1;
	}
	start = now_ms();
	child = fork();
	if (!child)
		run_command(command);
	if (child < 0)
		return 1;
	status = watch(child, argv + 2, &covered);
	printf("{\"covered_ms\":%.3f,\"ms\":%.3f,\"status\":%d}\n", covered ? covered - start : -1,
	       now_ms() - start, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}
