// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the daemon gives up is gone, also for what it starts; what it needs is not. Each in a child.
 */
#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "confine.h"

/* Return: what @act returned in a child that had given up what the daemon gives up; -1: it died */
static int confined(int (*act)(void))
{
	int status;
	const pid_t child = fork();

	if (!child) {
		struct cordon_failure failure = { .text = "" };

		_exit(cordon_confine(&failure) ? 99 : act());
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int is_refused(long result)
{
	return result == -1 && errno == EPERM ? 0 : 1;
}

static int leave_namespace(void)
{
	return is_refused(unshare(CLONE_NEWNET));
}

static int make_namespace(void)
{
	const long child = syscall(SYS_clone, CLONE_NEWNET | SIGCHLD, NULL, NULL, NULL, NULL);

	if (!child)
		_exit(0);
	return is_refused(child);
}

static void *begin(void *state)
{
	return state;
}

static int start_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, begin, NULL) || pthread_join(thread, NULL);
}

static int trace(void)
{
	return is_refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int mount_something(void)
{
	return is_refused(mount("none", "/nowhere", "tmpfs", 0, NULL));
}

static int load_module(void)
{
	return is_refused(syscall(SYS_finit_module, -1, "", 0));
}

static int use_a_ring(void)
{
	return is_refused(syscall(SYS_io_uring_setup, 1, NULL));
}

static int become_another(void)
{
	return setuid(12345) ? 0 : 1;
}

static int run_program(void)
{
	return system("unshare --net true 2>/dev/null") ? 0 : 1;
}

static int write_file(void)
{
	FILE *file = tmpfile();

	return file && fputs("text", file) >= 0 && !fclose(file) ? 0 : 1;
}

static int keeps_only_what_it_needs(void)
{
	char line[128], *at;
	FILE *file = fopen("/proc/self/status", "r");
	unsigned long long effective = ~0ULL;

	while (file && fgets(line, sizeof(line), file)) {
		at = strstr(line, "CapEff:\t");
		if (at)
			effective = strtoull(at + 8, NULL, 16);
	}
	return effective & (1ULL << CAP_SYS_MODULE | 1ULL << CAP_SYS_PTRACE |
			    1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_NET_RAW | 1ULL << CAP_SETUID |
			    1ULL << CAP_SYS_TIME | 1ULL << CAP_MKNOD) ?
		       1 :
		       0;
}

TEST(what_it_does_not_need_is_refused)
{
	EXPECT_EQ(0, confined(leave_namespace));
	EXPECT_EQ(0, confined(make_namespace));
	EXPECT_EQ(0, confined(trace));
	EXPECT_EQ(0, confined(mount_something));
	EXPECT_EQ(0, confined(load_module));
	EXPECT_EQ(0, confined(use_a_ring));
}

TEST(what_it_starts_is_no_freer)
{
	EXPECT_EQ(0, confined(run_program));
}

TEST(capabilities_are_gone)
{
	EXPECT_EQ(0, confined(keeps_only_what_it_needs));
	if (!geteuid())
		EXPECT_EQ(0, confined(become_another));
}

TEST(what_it_needs_is_there)
{
	EXPECT_EQ(0, confined(write_file));
	EXPECT_EQ(0, confined(start_thread));
}

TEST_HARNESS_MAIN
