// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables of verdicts, run on the host by the code that is enforced.
 * Arguments: tables, instead of all of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "rows.h"

static int start(struct runner *runner, const struct table *table)
{
	(void)table;
	runner->state = host_new();
	return runner->state ? 0 : -1;
}

static int switch_policy(struct runner *runner, const struct table *table, const struct row *row)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", table->folder, row->expected);
	return host_load(runner->state, path);
}

static void latch(struct runner *runner, int level)
{
	host_latch(runner->state, (uint32_t)level);
}

static void fresh(struct runner *runner)
{
	host_forget_flows(runner->state);
}

static void wait_seconds(struct runner *runner, int seconds)
{
	host_wait(runner->state, (uint32_t)seconds);
}

static struct verdict judge(struct runner *runner, const struct row *row, const struct frame *frame)
{
	/* Exactly as large as the frame, so that a sanitizer sees what is read beyond. */
	uint8_t *bytes = malloc(frame->size ? frame->size : 1);
	const struct host_packet packet = {
		.bytes = bytes,
		.size = frame->size,
		.linear = frame->size,
		.interface = row->interface,
		.came_by = row->came_by,
		.out = row->out,
	};
	struct verdict verdict = { 0 };
	struct host_verdict judged;

	memcpy(bytes, frame->bytes, frame->size);
	judged = host_judge(runner->state, &packet);
	free(bytes);
	verdict.pass = judged.pass;
	snprintf(verdict.name, sizeof(verdict.name), "%s",
		 judged.reason ? host_reason_name(judged.reason) :
				 host_rule_name(runner->state, judged.rule));
	return verdict;
}

static void stop(struct runner *runner)
{
	host_free(runner->state);
}

int main(int argc, char **argv)
{
	struct runner runner = {
		.on_host = true,
		.start = start,
		.policy = switch_policy,
		.latch = latch,
		.fresh = fresh,
		.wait = wait_seconds,
		.packet = judge,
		.stop = stop,
	};

	return tables_run(&runner, argc, argv);
}
