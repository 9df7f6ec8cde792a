// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon demo: hand demo.sh, which this program carries, to bash.  It must run
 * wherever the program does, so nothing of it is looked for on disk.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command.h"
#include "util/cleanup.h"

extern const char demo_script[], demo_script_end[];

__asm__(".pushsection .rodata\n"
	".globl demo_script, demo_script_end\n"
	"demo_script: .incbin \"userspace/demo.sh\"\n"
	"demo_script_end:\n"
	".popsection\n");

/* Stays open across exec, for bash to read. */
static int open_script(void)
{
	const size_t size = (size_t)(demo_script_end - demo_script);
	int fd CLEANUP(close) = memfd_create("demo.sh", 0);

	if (fd < 0)
		return -errno;
	if (write(fd, demo_script, size) != (ssize_t)size)
		return -EIO;
	return TAKE_FD(fd);
}

static int run_script(const struct cordon_context *context, int script)
{
	char path[32], self[PATH_MAX] = "";
	char *const argv[] = { "bash", path, NULL };

	/* Its own namespaces hide /proc/self of now. */
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", script);
	if (setenv("CORDON", self, 1) || setenv("JSON", context->json ? "yes" : "", 1))
		return -errno;
	execvp(argv[0], argv);
	return -errno;
}

int cordon_cmd_demo(const struct cordon_call *call)
{
	int script CLEANUP(close) = -1;
	int error;

	if (cordon_call_flags(call, NULL, 0, 0, NULL) < 0)
		return CORDON_EXIT_USAGE;
	script = open_script();
	error = script < 0 ? script : run_script(call->context, script);
	return cordon_fail(call->failure, error, "cannot run bash: %s", strerror(-error));
}
