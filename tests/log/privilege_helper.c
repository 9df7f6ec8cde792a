// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program that a test makes set-user-ID root: for each line that it reads it makes a process,
 * which does nothing, and says so; for "exec" it starts another program.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	char line[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "exec\n"))
			return execl("/bin/true", "true", (char *)NULL);
		if (!fork())
			_exit(0);
		wait(NULL);
		puts("made");
	}
	return 0;
}
