// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From ring to chained file: `record_helper FOLDER RATE MILLISECONDS chained|plain`.  One CPU makes
 * RATE records of 200 bytes a second (0: as many as it can), another reads them into FOLDER, by the
 * recorder, or only copied and written; one line of JSON says what came of them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench/helper.h"
#include "bench/record.skel.h"
#include "recorder.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define BATCH 500
#define POLL_MS 100
#define PLAIN_MAX (1UL << 30)

struct bench {
	struct record_bpf *program;
	struct cordon_maps maps;
	struct cordon_context context;
	uint64_t rate, end_ns, made, viewed, written;
	atomic_bool done;
	int plain;
};

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void make_batch(struct bench *bench)
{
	uint64_t wish = BATCH;
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &wish, .ctx_size_in = sizeof(wish));

	if (bpf_prog_test_run_opts(bpf_program__fd(bench->program->progs.make_records), &run))
		die("the program does not run");
	bench->made += BATCH;
}

static void *make(void *state)
{
	struct bench *bench = state;
	const uint64_t start = cordon_clock_ns();

	stay_on(1);
	while (cordon_clock_ns() < bench->end_ns) {
		const uint64_t due = bench->rate * (cordon_clock_ns() - start) / 1000000000ULL;

		if (!bench->rate || bench->made < due)
			make_batch(bench);
	}
	atomic_store(&bench->done, true);
	return NULL;
}

static void view(void *state, const struct cordon_event *event)
{
	struct bench *bench = state;

	(void)event;
	bench->viewed++;
}

/* What the work costs without chain and keys. */
static void take_plain(struct bench *bench, struct cordon_ring *ring,
		       struct cordon_log_block *block)
{
	for (;;) {
		memset(block, 0, sizeof(*block));
		block->class = CORDON_CLASS_PROCESS;
		if (!cordon_ring_fill(ring, block))
			return;
		if (pwrite(bench->plain, block, sizeof(*block) + block->size,
			   (off_t)(bench->written % PLAIN_MAX)) < 0)
			die("cannot write: %s", strerror(errno));
		bench->written += sizeof(*block) + block->size;
		cordon_ring_keep(ring);
	}
}

static void wait_for_records(const struct bench *bench)
{
	struct pollfd ready = { .fd = bench->maps.fd[CORDON_MAP_PROCESS_RING], .events = POLLIN };

	if (!atomic_load(&bench->done))
		poll(&ready, 1, POLL_MS);
}

static uint64_t read_all(struct bench *bench, bool chained)
{
	struct cordon_log_block *block = calloc(1, CORDON_LOG_BLOCK_FRAME + CORDON_LOG_BLOCK_MAX);
	struct cordon_failure failure = { .text = "" };
	struct cordon_recorder *recorder = NULL;
	struct cordon_ring *ring = NULL;
	uint64_t start;
	bool last = false;

	if (chained && cordon_recorder_open(&bench->context, &bench->maps, 4UL << 30, view, bench,
					    &failure, &recorder))
		die("%s", failure.text);
	if (!chained && cordon_ring_open(&bench->maps, CORDON_CLASS_PROCESS, view, bench, &ring))
		die("no ring");
	start = cpu_ns();
	while (!last) {
		last = atomic_load(&bench->done);
		wait_for_records(bench);
		if (chained) {
			cordon_recorder_take(recorder, CORDON_CLASS_PROCESS);
			cordon_recorder_settle(recorder);
		} else {
			take_plain(bench, ring, block);
		}
	}
	start = cpu_ns() - start;
	cordon_recorder_close(recorder);
	cordon_ring_close(ring);
	free(block);
	return start;
}

static void open_maps(struct bench *bench)
{
	for (int i = 0; i < CORDON_MAP_COUNT; i++)
		bench->maps.fd[i] = -1;
	bench->maps.cpus = (unsigned int)libbpf_num_possible_cpus();
	bench->maps.fd[CORDON_MAP_LOSSES] = bpf_map__fd(bench->program->maps.losses);
	bench->maps.fd[CORDON_MAP_LOSSES_TOLD] = bpf_map__fd(bench->program->maps.losses_told);
	bench->maps.fd[CORDON_MAP_PROCESS_RING] = bpf_map__fd(bench->program->maps.process_ring);
	bench->maps.fd[CORDON_MAP_AUTH_RING] = bpf_map__fd(bench->program->maps.auth_ring);
	bench->maps.fd[CORDON_MAP_FLOW_RING] = bpf_map__fd(bench->program->maps.flow_ring);
	bench->maps.fd[CORDON_MAP_CONFIG_RING] = bpf_map__fd(bench->program->maps.config_ring);
	bench->maps.fd[CORDON_MAP_ENFORCEMENT_RING] =
		bpf_map__fd(bench->program->maps.enforcement_ring);
	bench->maps.fd[CORDON_MAP_DENIAL_RING] = bpf_map__fd(bench->program->maps.denial_ring);
}

static uint64_t sum_lost(const struct bench *bench)
{
	struct cordon_losses losses;

	if (cordon_losses_read(&bench->maps, CORDON_CLASS_PROCESS, &losses))
		die("no losses");
	return losses.lost;
}

int main(int argc, char **argv)
{
	struct bench bench = { .plain = -1 };
	uint64_t start, spent;
	pthread_t maker;
	bool chained;

	if (argc != 5)
		die("FOLDER RATE MILLISECONDS chained|plain");
	chained = !strcmp(argv[4], "chained");
	bench.context.root = argv[1];
	bench.rate = strtoull(argv[2], NULL, 10);
	bench.program = record_bpf__open_and_load();
	if (!bench.program)
		die("the program does not load");
	open_maps(&bench);
	if (!chained)
		bench.plain = open(argv[1], O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	stay_on(0);
	setpriority(PRIO_PROCESS, 0, -10);
	start = cordon_clock_ns();
	bench.end_ns = start + strtoull(argv[3], NULL, 10) * 1000000ULL;
	if (pthread_create(&maker, NULL, make, &bench))
		die("no thread");
	spent = read_all(&bench, chained);
	start = cordon_clock_ns() - start;
	pthread_join(maker, NULL);
	printf("{\"made\": %llu, \"kept\": %llu, \"lost\": %llu, \"seconds\": %.3f, "
	       "\"cpu_ns\": %.1f}\n",
	       (unsigned long long)bench.made, (unsigned long long)bench.viewed,
	       (unsigned long long)sum_lost(&bench), (double)start / 1e9,
	       (double)spent / (double)bench.viewed);
	return 0;
}
