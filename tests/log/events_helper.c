// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * events_helper FOLDER: makes a log there with a record of each type.
 */
#include <stdio.h>

#include "log/sample.h"

int main(int argc, char **argv)
{
	struct sample sample;

	if (argc != 2 || !sample_open(&sample, argv[1]) || !sample_each(&sample)) {
		fprintf(stderr, "usage: events_helper FOLDER, an empty one\n");
		return 1;
	}
	sample_close(&sample);
	return 0;
}
