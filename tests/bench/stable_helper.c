// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long an enforcement record takes from its ring to stable storage, by a daemon that runs:
 *
 *	stable_helper ROOT BPFFS ROUNDS    microseconds, a line a round
 *
 * A chain's key on disk moves on when its block is there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cordon/log.h>
#include <cordon/uapi/event.h>

#include "log_keys.h"
#include "tell.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define LOOK_US 50
#define PAUSE_US 50000
#define PATIENCE_NS 5000000000ULL

static uint64_t next_block(int folder)
{
	struct cordon_log_keys keys;

	return cordon_log_keys_read(folder, &keys) ? 0 :
						     keys.chain[CORDON_CLASS_ENFORCEMENT].number;
}

/* Return: 0: it did not get there */
static uint64_t once(const struct cordon_context *context, int folder)
{
	struct cordon_event_latch latch = { .event = { .size = sizeof(latch),
						       .type = CORDON_EVENT_LATCH } };
	const uint64_t former = next_block(folder), start = cordon_clock_ns();

	if (cordon_tell(context, &latch.event))
		return 0;
	while (next_block(folder) == former) {
		if (cordon_clock_ns() - start > PATIENCE_NS)
			return 0;
		usleep(LOOK_US);
	}
	return cordon_clock_ns() - start;
}

int main(int argc, char **argv)
{
	const struct cordon_context context = { .root = argc > 3 ? argv[1] : "",
						.bpffs = argc > 3 ? argv[2] : "" };
	const int rounds = argc > 3 ? atoi(argv[3]) : 0;
	const struct cordon_path path = cordon_path_root(&context, CORDON_LOG_FOLDER);
	const int folder CLEANUP(close) = open(path.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!rounds || folder < 0)
		return 2;
	for (int i = 0; i < rounds; i++) {
		const uint64_t took = once(&context, folder);

		if (!took)
			return 1;
		printf("%.1f\n", (double)took / 1000);
		usleep(PAUSE_US);
	}
	return 0;
}
