// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A child that may never end; see child.h.
 */
#include "util/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "util/cleanup.h"
#include "util/clock.h"

#define MILLISECOND 1000000ULL

/* A killed process that is gone by then was not waiting for a disk. */
#define KILLED_NS (200 * MILLISECOND)

bool cordon_child_tells(int fd, uint64_t until_ns)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	for (;;) {
		const uint64_t now = cordon_clock_ns();
		const uint64_t left = until_ns > now ? (until_ns - now) / MILLISECOND + 1 : 0;
		const int ready = poll(&poll_fd, 1, left < INT32_MAX ? (int)left : INT32_MAX);

		if (ready > 0)
			return true;
		if (!ready && cordon_clock_ns() >= until_ns)
			return false;
		if (ready < 0 && errno != EINTR)
			return false;
	}
}

int cordon_child_wait(int pid, uint64_t until_ns, bool *ret_gone)
{
	const int fd CLEANUP(close) = pidfd_open(pid, 0);
	const bool ended = fd >= 0 && cordon_child_tells(fd, until_ns);
	int status = 0;

	if (!ended) {
		kill(pid, SIGKILL);
		cordon_child_tells(fd, cordon_clock_ns() + KILLED_NS);
	}
	*ret_gone = waitpid(pid, &status, WNOHANG) == pid;
	if (!ended || !*ret_gone)
		return -ETIME;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}
