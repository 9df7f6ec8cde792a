// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the verifier is asked, by as many threads as there are CPUs: it is most
 * of the time of a first load, and looks at one program on one CPU.  The caller
 * is one of the threads whenever it waits.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "load_object.h"
#include "util/array.h"
#include "util/cleanup.h"

/* More would find no work. */
#define THREADS_MAX 4

#define PROGRAM(name) (1U << CORDON_PROGRAM_##name)

/**
 * struct piece - what one thread loads at a time, in the order of need
 * @first: without it no packet is judged on an ordinary interface
 * @must: without it the load fails; others are missed by status
 */
static const struct piece {
	enum cordon_part part;
	uint32_t programs;
	bool first;
	bool must;
} list[] = {
	{ CORDON_PART_TCX, PROGRAM(INGRESS_ETHER), true, true },
	{ CORDON_PART_TCX, PROGRAM(EGRESS_ETHER), true, true },
	{ CORDON_PART_XDP, PROGRAM(XDP_INGRESS), false, false },
	{ CORDON_PART_WORKLOAD, PROGRAM(CGROUP_MKDIR) | PROGRAM(CGROUP_RMDIR), false, false },
	{ CORDON_PART_TCX, PROGRAM(INGRESS_IP), false, true },
	{ CORDON_PART_TCX, PROGRAM(EGRESS_IP), false, true },
	{ CORDON_PART_CGROUP, PROGRAM(CONNECT4) | PROGRAM(CONNECT6), false, false },
	{ CORDON_PART_CGROUP,
	  PROGRAM(SENDMSG4) | PROGRAM(SENDMSG6) | PROGRAM(BIND4) | PROGRAM(BIND6) |
		  PROGRAM(SOCK_CREATE),
	  false, false },
};

/**
 * struct cordon_pieces - what is done, under @lock
 * @taken: the next one that nobody has begun
 * @left: that are not done
 * @first_left: of those that come first
 * @staying: threads that have begun and go on after the first
 * @error: of the first that must not fail, and @failure
 */
struct cordon_pieces {
	const struct cordon_context *context;
	pthread_mutex_t lock;
	pthread_cond_t done;
	size_t taken;
	size_t left;
	size_t first_left;
	unsigned int staying;
	int error;
	struct cordon_failure failure;
	pthread_t thread[THREADS_MAX];
	unsigned int threads;
};

/* The caller has to wait elsewhere first. */
static unsigned int count_cpus(void)
{
	cpu_set_t set;
	int cpus;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	cpus = CPU_COUNT(&set);
	return cpus < THREADS_MAX ? (unsigned int)cpus : THREADS_MAX;
}

static size_t count_first(void)
{
	size_t nr = 0;

	while (nr < ARRAY_SIZE(list) && list[nr].first)
		nr++;
	return nr;
}

static void note(struct cordon_pieces *pieces, const struct piece *piece, int error,
		 const struct cordon_failure *failure)
{
	if (error && piece->must && !pieces->error) {
		pieces->error = error;
		pieces->failure = *failure;
	}
	pieces->left--;
	pieces->first_left -= piece->first;
	pthread_cond_broadcast(&pieces->done);
}

/* With the lock held. */
static void load_next(struct cordon_pieces *pieces)
{
	const struct piece *piece = &list[pieces->taken++];
	struct cordon_failure failure = { .text = "" };
	int error;

	pthread_mutex_unlock(&pieces->lock);
	error = cordon_object_programs(pieces->context, piece->part, piece->programs, &failure);
	pthread_mutex_lock(&pieces->lock);
	note(pieces, piece, error, &failure);
}

/* With as many threads as CPUs the caller would wait for one of them, and the
 * verifier does not let go for long: after the first pieces one CPU is the caller's. */
static void *work(void *argument)
{
	struct cordon_pieces *pieces = argument;
	size_t last = ARRAY_SIZE(list);

	pthread_mutex_lock(&pieces->lock);
	if (pieces->staying + 1 < count_cpus())
		pieces->staying++;
	else
		last = count_first();
	while (pieces->taken < last)
		load_next(pieces);
	pthread_mutex_unlock(&pieces->lock);
	return NULL;
}

/* Works along until @left, which is one of ours, is 0. */
static int work_until_none(struct cordon_pieces *pieces, const size_t *left, size_t last,
			   struct cordon_failure *failure)
{
	int error;

	pthread_mutex_lock(&pieces->lock);
	while (*left && !pieces->error) {
		if (pieces->taken < last)
			load_next(pieces);
		else
			pthread_cond_wait(&pieces->done, &pieces->lock);
	}
	error = pieces->error;
	if (error)
		*failure = pieces->failure;
	pthread_mutex_unlock(&pieces->lock);
	return error;
}

int cordon_pieces_start(const struct cordon_context *context, struct cordon_failure *failure,
			struct cordon_pieces **ret_pieces)
{
	struct cordon_pieces *pieces = calloc(1, sizeof(*pieces));
	const unsigned int wanted = count_cpus();

	if (!pieces)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	pieces->context = context;
	pieces->left = ARRAY_SIZE(list);
	pieces->first_left = count_first();
	pthread_mutex_init(&pieces->lock, NULL);
	pthread_cond_init(&pieces->done, NULL);
	/* Without a thread the caller does all of it. */
	while (pieces->threads < wanted &&
	       !pthread_create(&pieces->thread[pieces->threads], NULL, work, pieces))
		pieces->threads++;
	*ret_pieces = pieces;
	return 0;
}

int cordon_pieces_first(struct cordon_pieces *pieces, struct cordon_failure *failure)
{
	return work_until_none(pieces, &pieces->first_left, count_first(), failure);
}

int cordon_pieces_rest(struct cordon_pieces *pieces, struct cordon_failure *failure)
{
	return work_until_none(pieces, &pieces->left, ARRAY_SIZE(list), failure);
}

void cordon_pieces_free(struct cordon_pieces *pieces)
{
	if (!pieces)
		return;
	/* What nobody has begun stays undone. */
	pthread_mutex_lock(&pieces->lock);
	pieces->taken = ARRAY_SIZE(list);
	pthread_mutex_unlock(&pieces->lock);
	for (unsigned int i = 0; i < pieces->threads; i++)
		pthread_join(pieces->thread[i], NULL);
	pthread_cond_destroy(&pieces->done);
	pthread_mutex_destroy(&pieces->lock);
	free(pieces);
}
