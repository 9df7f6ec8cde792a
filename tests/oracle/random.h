/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random input that can be repeated: each test prints its seed, and takes one
 * from CORDON_SEED in the environment.
 */
#ifndef CORDON_TESTS_RANDOM_H
#define CORDON_TESTS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/** struct random - xorshift64* (S. Vigna, ACM TOMS 42(4), 2016) */
struct random {
	uint64_t state; /* never 0 */
};

static inline uint64_t random_next(struct random *random)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return random->state * 2685821657736338717ULL;
}

static inline uint32_t random_word(struct random *random)
{
	return (uint32_t)(random_next(random) >> 32);
}

/* 0 to @bound - 1; @bound is not 0 */
static inline uint32_t random_below(struct random *random, uint32_t bound)
{
	return (uint32_t)((uint64_t)random_word(random) * bound >> 32);
}

static inline bool random_chance(struct random *random, uint32_t one_in)
{
	return !random_below(random, one_in);
}

/* Prints the seed as a TAP comment, with what repeats the run. */
static inline struct random random_start(const char *what)
{
	const char *text = getenv("CORDON_SEED");
	struct timespec now;
	uint64_t seed;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = text ? strtoull(text, NULL, 0) : (uint64_t)now.tv_sec << 20 ^ (uint64_t)now.tv_nsec;
	printf("# %s: CORDON_SEED=%llu\n", what, (unsigned long long)seed);
	fflush(stdout);
	return (struct random){ seed ? seed : 1 };
}

#endif
