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

/* More would find no work. */
#define THREADS_MAX 4

#define PROGRAM(name) (1U << CORDON_PROGRAM_##name)

/**
 * struct piece - what one thread loads at a time, in the order of need
 * @must: without it the load fails; others are missed by status
 */
static const struct piece {
	enum cordon_part part;
	uint32_t programs;
	bool must;
} list[] = {
	{ CORDON_PART_TCX, PROGRAM(INGRESS_ETHER), true },
	{ CORDON_PART_TCX, PROGRAM(EGRESS_ETHER), true },
	{ CORDON_PART_XDP, PROGRAM(XDP_INGRESS), false },
	{ CORDON_PART_WORKLOAD, PROGRAM(CGROUP_MKDIR) | PROGRAM(CGROUP_RMDIR), false },
	{ CORDON_PART_TELL, PROGRAM(TELL), false },
	{ CORDON_PART_TCX, PROGRAM(INGRESS_IP), true },
	{ CORDON_PART_TCX, PROGRAM(EGRESS_IP), true },
	{ CORDON_PART_CGROUP, PROGRAM(CONNECT4) | PROGRAM(CONNECT6), false },
	{ CORDON_PART_CGROUP,
	  PROGRAM(SENDMSG4) | PROGRAM(SENDMSG6) | PROGRAM(BIND4) | PROGRAM(BIND6) |
		  PROGRAM(SOCK_CREATE),
	  false },
};

/* Of these: without the first two no packet is judged on an ordinary interface. */
#define FIRST 2
#define ALL ARRAY_SIZE(list)

/**
 * struct cordon_loading - what is done, under @lock
 * @taken: the next one that nobody has begun
 * @changed: one more is @done
 * @error: of the first that must not fail, and @failure
 */
struct cordon_loading {
	const struct cordon_context *context;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t taken;
	bool done[ALL];
	int error;
	struct cordon_failure failure;
	pthread_t thread[THREADS_MAX];
	unsigned int threads;
};

static unsigned int count_cpus(void)
{
	cpu_set_t set;
	int cpus;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	cpus = CPU_COUNT(&set);
	return cpus < THREADS_MAX ? (unsigned int)cpus : THREADS_MAX;
}

static bool are_done(const struct cordon_loading *loading, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (!loading->done[i])
			return false;
	}
	return true;
}

/* With the lock held. */
static void load_next(struct cordon_loading *loading)
{
	const size_t index = loading->taken++;
	const struct piece *piece = &list[index];
	struct cordon_failure failure = { .text = "" };
	int error;

	pthread_mutex_unlock(&loading->lock);
	error = cordon_object_programs(loading->context, piece->part, piece->programs, &failure);
	pthread_mutex_lock(&loading->lock);
	if (error && piece->must && !loading->error) {
		loading->error = error;
		loading->failure = failure;
	}
	loading->done[index] = true;
	pthread_cond_broadcast(&loading->changed);
}

static void load_up_to(struct cordon_loading *loading, size_t nr)
{
	pthread_mutex_lock(&loading->lock);
	while (loading->taken < nr)
		load_next(loading);
	pthread_mutex_unlock(&loading->lock);
}

static void *load_first(void *loading)
{
	load_up_to(loading, FIRST);
	return NULL;
}

static void *load_all(void *loading)
{
	load_up_to(loading, ALL);
	return NULL;
}

/* Works along until as many are done. */
static int finish_up_to(struct cordon_loading *loading, size_t nr, struct cordon_failure *failure)
{
	int error;

	pthread_mutex_lock(&loading->lock);
	while (!are_done(loading, nr) && !loading->error) {
		if (loading->taken < nr)
			load_next(loading);
		else
			pthread_cond_wait(&loading->changed, &loading->lock);
	}
	error = loading->error;
	if (error)
		*failure = loading->failure;
	pthread_mutex_unlock(&loading->lock);
	return error;
}

/*
 * The caller has to wait elsewhere first, so one stands in for it.  Then one CPU is the
 * caller's: with as many threads as CPUs it would wait for one of them, and the verifier
 * does not let go for long.  Without a thread the caller does all of it.
 */
static void start_threads(struct cordon_loading *loading)
{
	const unsigned int wanted = count_cpus();

	while (loading->threads < wanted &&
	       !pthread_create(&loading->thread[loading->threads], NULL,
			       loading->threads ? load_all : load_first, loading))
		loading->threads++;
}

int cordon_loading_start(const struct cordon_context *context, struct cordon_failure *failure,
			 struct cordon_loading **ret_loading)
{
	struct cordon_loading *loading = calloc(1, sizeof(*loading));

	if (!loading)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	loading->context = context;
	pthread_mutex_init(&loading->lock, NULL);
	pthread_cond_init(&loading->changed, NULL);
	start_threads(loading);
	*ret_loading = loading;
	return 0;
}

int cordon_load_first(struct cordon_loading *loading, struct cordon_failure *failure)
{
	return finish_up_to(loading, FIRST, failure);
}

int cordon_loading_finish(struct cordon_loading *loading, struct cordon_failure *failure)
{
	return finish_up_to(loading, ALL, failure);
}

void cordon_loading_free(struct cordon_loading *loading)
{
	if (!loading)
		return;
	/* What nobody has begun stays undone. */
	pthread_mutex_lock(&loading->lock);
	loading->taken = ALL;
	pthread_mutex_unlock(&loading->lock);
	for (unsigned int i = 0; i < loading->threads; i++)
		pthread_join(loading->thread[i], NULL);
	pthread_cond_destroy(&loading->changed);
	pthread_mutex_destroy(&loading->lock);
	free(loading);
}
