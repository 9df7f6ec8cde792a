// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What has been told of each denial.
 *
 * A record does not say which slot it is of, so those of kinds that no sweep
 * has seen yet are kept aside until the next one finds their slots.
 */
#include "tally.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

/** struct told - of one kind on one CPU; @key.reason 0: none */
struct told {
	struct cordon_denial_key key;
	uint64_t first;
	uint64_t packets;
	uint64_t folded;
	unsigned int cpu;
};

struct cordon_tally {
	cordon_tally_teller teller;
	void *state;
	unsigned int cpus;
	bool swept;
	struct told *slot; /* CORDON_DENIAL_SLOTS times CPUs, CPU first */
	struct told *aside;
	size_t nr_aside;
};

int cordon_tally_new(unsigned int cpus, cordon_tally_teller teller, void *state,
		     struct cordon_tally **ret_tally)
{
	struct cordon_tally *tally = calloc(1, sizeof(*tally));

	if (!tally)
		return -ENOMEM;
	tally->slot = calloc((size_t)CORDON_DENIAL_SLOTS * cpus, sizeof(*tally->slot));
	if (!tally->slot) {
		free(tally);
		return -ENOMEM;
	}
	tally->teller = teller;
	tally->state = state;
	tally->cpus = cpus;
	*ret_tally = tally;
	return 0;
}

void cordon_tally_free(struct cordon_tally *tally)
{
	if (!tally)
		return;
	free(tally->slot);
	free(tally->aside);
	free(tally);
}

static bool is_of(const struct told *told, unsigned int cpu, const struct cordon_denial *denial)
{
	return told->cpu == cpu && told->first == denial->first &&
	       !memcmp(&told->key, &denial->key, sizeof(told->key));
}

static struct told *find_told(struct cordon_tally *tally, unsigned int cpu,
			      const struct cordon_denial *denial)
{
	struct told *slots = tally->slot + (size_t)cpu * CORDON_DENIAL_SLOTS;

	for (size_t i = 0; i < CORDON_DENIAL_SLOTS; i++) {
		if (is_of(&slots[i], cpu, denial))
			return &slots[i];
	}
	for (size_t i = 0; i < tally->nr_aside; i++) {
		if (is_of(&tally->aside[i], cpu, denial))
			return &tally->aside[i];
	}
	return NULL;
}

static struct told told_of(unsigned int cpu, const struct cordon_denial *denial)
{
	const struct told told = { .key = denial->key, .first = denial->first, .cpu = cpu };

	return told;
}

/* Tells what @told does not know of yet. */
static void tell(struct cordon_tally *tally, struct told *told, const struct cordon_denial *denial)
{
	uint64_t packets = 0, folded = 0;

	if (denial->packets > told->packets)
		packets = denial->packets - told->packets;
	if (denial->folded > told->folded)
		folded = denial->folded - told->folded;
	if (!packets && !folded)
		return;
	told->packets += packets;
	told->folded += folded;
	tally->teller(tally->state, denial, packets, folded);
}

void cordon_tally_record(struct cordon_tally *tally, const struct cordon_event_denial *record)
{
	const struct cordon_denial *denial = &record->denial;
	const unsigned int cpu = record->event.cpu;
	struct told *told;

	if (cpu >= tally->cpus)
		return;
	told = find_told(tally, cpu, denial);
	if (!told) {
		told = array_push(tally->aside, tally->nr_aside);
		if (!told)
			return;
		*told = told_of(cpu, denial);
	}
	tell(tally, told, denial);
}

/* What was told of the kind that a slot holds now. What the kernel says that it
 * told counts only before the first sweep: then another daemon told it. */
static void turn_to(struct cordon_tally *tally, struct told *slot, unsigned int cpu,
		    const struct cordon_denial *denial)
{
	const struct told *known = find_told(tally, cpu, denial);

	if (known == slot)
		return;
	if (known) {
		*slot = *known;
		return;
	}
	*slot = told_of(cpu, denial);
	if (!tally->swept)
		slot->packets = denial->told;
}

void cordon_tally_sweep(struct cordon_tally *tally, const struct cordon_denial *slots)
{
	for (size_t i = 0; i < CORDON_DENIAL_SLOTS; i++) {
		for (unsigned int cpu = 0; cpu < tally->cpus; cpu++) {
			const struct cordon_denial *denial = &slots[i * tally->cpus + cpu];
			struct told *slot = &tally->slot[(size_t)cpu * CORDON_DENIAL_SLOTS + i];

			if (!denial->key.reason)
				continue;
			turn_to(tally, slot, cpu, denial);
			tell(tally, slot, denial);
		}
	}
	tally->swept = true;
	tally->nr_aside = 0;
	free(tally->aside);
	tally->aside = NULL;
}
