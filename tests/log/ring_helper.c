// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ring of enforcement for ring_test.sh:
 *
 *	ring_helper ROOT BPFFS tell N      N records, as a command tells them; prints how many were
 *	ring_helper ROOT BPFFS stray N     N records that none of our programs makes
 *	ring_helper ROOT BPFFS WORD...     one reader: `take` a block and print it, one line a
 *		record; `keep` it; `rewind`; `resume`, as another one that knows it was written
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "log_block.h"
#include "maps.h"
#include "ring.h"
#include "tell.h"
#include "log/stray.skel.h"
#include "util/cleanup.h"

struct reader {
	struct cordon_ring *ring;
	struct cordon_log_block *block;
	unsigned int viewed;
};

static void view(void *state, const struct cordon_event *event)
{
	struct reader *reader = state;

	(void)event;
	reader->viewed++;
}

static int tell(const struct cordon_context *context, int number)
{
	int told = 0;

	for (int i = 0; i < number; i++) {
		union {
			struct cordon_event_latch latch;
			uint64_t room[64];
		} record = { .latch = { .event = { .size = sizeof(record),
						   .type = CORDON_EVENT_LATCH },
					.after = (uint32_t)i } };

		told += !cordon_tell(context, &record.latch.event);
	}
	printf("told %d\n", told);
	return 0;
}

static int stray(const struct cordon_context *context, int number)
{
	struct cordon_maps maps CLEANUP(maps) = cordon_maps_none();
	struct cordon_failure failure = { .text = "" };
	struct stray_bpf *program = stray_bpf__open();
	LIBBPF_OPTS(bpf_test_run_opts, run);
	int error = program ? cordon_maps_open(context, &failure, &maps) : -ENOMEM;

	if (!error)
		error = bpf_map__reuse_fd(program->maps.enforcement_ring,
					  maps.fd[CORDON_MAP_ENFORCEMENT_RING]);
	if (!error)
		error = stray_bpf__load(program);
	for (int i = 0; i < number && !error; i++)
		error = bpf_prog_test_run_opts(bpf_program__fd(program->progs.stray), &run);
	stray_bpf__destroy(program);
	return !!error;
}

static void print_record(const struct cordon_event *event)
{
	const struct cordon_event_loss *loss = (const struct cordon_event_loss *)event;

	if (event->type == CORDON_EVENT_LOSS)
		printf("loss %u %u %llu\n", loss->class, loss->first,
		       (unsigned long long)loss->records);
	else
		printf("record %u %u\n", event->sequence,
		       ((const struct cordon_event_latch *)event)->after);
}

static void take(struct reader *reader)
{
	const uint8_t *bytes = (const uint8_t *)(reader->block + 1);

	memset(reader->block, 0, sizeof(*reader->block));
	reader->block->class = CORDON_CLASS_ENFORCEMENT;
	cordon_ring_fill(reader->ring, reader->block);
	for (size_t at = 0; at < reader->block->size;
	     at += ((const struct cordon_event *)(bytes + at))->size)
		print_record((const struct cordon_event *)(bytes + at));
	printf("block %u viewed %u\n", reader->block->records, reader->viewed);
}

static int resume(struct reader *reader, const struct cordon_maps *maps)
{
	int error;

	cordon_ring_close(reader->ring);
	reader->ring = NULL;
	error = cordon_ring_open(maps, CORDON_CLASS_ENFORCEMENT, view, reader, &reader->ring);
	if (!error)
		cordon_ring_resume(reader->ring, reader->block);
	return error;
}

static int read_ring(const struct cordon_context *context, int argc, char **argv)
{
	struct cordon_maps maps CLEANUP(maps) = cordon_maps_none();
	struct cordon_failure failure = { .text = "" };
	struct reader reader = { .viewed = 0 };
	int error = cordon_maps_open(context, &failure, &maps);

	reader.block = malloc(CORDON_LOG_BLOCK_FRAME + CORDON_LOG_BLOCK_MAX);
	if (!error)
		error = cordon_ring_open(&maps, CORDON_CLASS_ENFORCEMENT, view, &reader,
					 &reader.ring);
	for (int i = 0; i < argc && !error; i++) {
		if (!strcmp(argv[i], "take"))
			take(&reader);
		else if (!strcmp(argv[i], "keep"))
			cordon_ring_keep(reader.ring);
		else if (!strcmp(argv[i], "resume"))
			error = resume(&reader, &maps);
		else
			cordon_ring_rewind(reader.ring);
	}
	if (error)
		fprintf(stderr, "%d %s\n", error, failure.text);
	cordon_ring_close(reader.ring);
	free(reader.block);
	return !!error;
}

int main(int argc, char **argv)
{
	const struct cordon_context context = { .root = argc > 3 ? argv[1] : "",
						.bpffs = argc > 3 ? argv[2] : "" };

	if (argc < 4)
		return 2;
	if (!strcmp(argv[3], "tell"))
		return tell(&context, argc > 4 ? atoi(argv[4]) : 1);
	if (!strcmp(argv[3], "stray"))
		return stray(&context, argc > 4 ? atoi(argv[4]) : 1);
	return read_ring(&context, argc - 3, argv + 3);
}
