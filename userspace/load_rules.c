// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which rule has which slot.  A slot belongs to a name for as long as a
 * generation that stands leads to it, so that counters outlast a switch.
 * Which slots those are is read from the tables themselves: nothing is
 * remembered elsewhere that could disagree.
 */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include <cordon/uapi/reason.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/names.h"

/* Depths of the service trie: protocol, high byte, low byte. */
#define TRIE_DEPTH 3

struct trie_walk {
	const struct cordon_page *pages;
	uint32_t nr_pages;
	uint8_t *seen; /* bit n: visited at depth n */
	bool *used;
};

static void walk_page(struct trie_walk *walk, uint32_t page, unsigned int depth)
{
	if (!page || page >= walk->nr_pages || walk->seen[page] & 1U << depth)
		return;
	walk->seen[page] |= (uint8_t)(1U << depth);
	for (unsigned int i = 0; i < CORDON_PAGE_ENTRIES; i++) {
		const uint16_t next = walk->pages[page].next[i];

		if (depth + 1 < TRIE_DEPTH)
			walk_page(walk, next, depth + 1);
		else if (next < CORDON_RULE_SLOTS)
			walk->used[next] = true;
	}
}

int cordon_rules_at(const struct cordon_maps *maps, uint32_t generation, uint32_t latch, bool *used)
{
	struct cordon_view view CLEANUP(view) = { 0 };
	const struct cordon_cell *cells;
	struct trie_walk walk;
	uint8_t *seen CLEANUP(free) = NULL;
	int error;

	error = cordon_view_open(maps, generation, latch, &view);
	if (error)
		return error;
	walk.pages = view.area[CORDON_TABLE_PAGES].cells;
	walk.nr_pages = view.area[CORDON_TABLE_PAGES].count;
	walk.used = used;
	walk.seen = seen = calloc(walk.nr_pages, 1);
	if (!seen)
		return -ENOMEM;
	cells = view.area[CORDON_TABLE_MATRIX].cells;
	for (uint32_t i = 0; i < view.area[CORDON_TABLE_MATRIX].count; i++)
		walk_page(&walk, cells[i].page, 0);
	return 0;
}

int cordon_rules_used(const struct cordon_maps *maps, uint32_t generation,
		      struct cordon_rule_use *ret_use)
{
	int error;

	memset(ret_use, 0, sizeof(*ret_use));
	if (!generation)
		return 0;
	error = cordon_rules_at(maps, generation, CORDON_LATCH_OPEN, ret_use->open);
	if (!error)
		error = cordon_rules_at(maps, generation, CORDON_LATCH_ISOLATE, ret_use->keep);
	return error;
}

/* A first load that was cut short left a number without all of its tables. */
static int use_other(const struct cordon_maps *maps, uint32_t generation,
		     struct cordon_rule_use *ret_use)
{
	const int error = cordon_rules_used(maps, generation, ret_use);

	if (error != -ENOENT)
		return error;
	memset(ret_use, 0, sizeof(*ret_use));
	return 0;
}

struct placing {
	const struct cordon_maps *maps;
	struct cordon_rule_use in_force;
	struct cordon_rule_use former;
	bool taken[CORDON_RULE_SLOTS]; /* by this image */
	struct cordon_names names;     /* (keep, name) to slot */
};

static bool slot_in_force(const struct placing *placing, uint32_t slot)
{
	return placing->in_force.open[slot] || placing->in_force.keep[slot];
}

static bool slot_is_former(const struct placing *placing, uint32_t slot)
{
	return placing->former.open[slot] || placing->former.keep[slot];
}

static int learn_names(struct placing *placing)
{
	for (uint32_t i = CORDON_RULE_SLOT_FIRST; i < CORDON_RULE_SLOTS; i++) {
		const bool keep = placing->in_force.keep[i] || placing->former.keep[i];
		size_t already;
		int error;

		if (!slot_in_force(placing, i) && !slot_is_former(placing, i))
			continue;
		error = cordon_names_add(&placing->names, keep, placing->maps->rules[i].name, i,
					 &already);
		if (error && error != -EEXIST)
			return error;
	}
	return 0;
}

/* A slot of the former generation only as a last resort: its rule's name goes. */
static int find_free(const struct placing *placing, uint32_t *ret_slot)
{
	uint32_t last_resort = 0;

	for (uint32_t i = CORDON_RULE_SLOT_FIRST; i < CORDON_RULE_SLOTS; i++) {
		if (placing->taken[i] || slot_in_force(placing, i))
			continue;
		if (!slot_is_former(placing, i)) {
			*ret_slot = i;
			return 0;
		}
		last_resort = i;
	}
	if (!last_resort)
		return -ENOSPC;
	*ret_slot = last_resort;
	return 0;
}

static void place_known(struct placing *placing, const struct cordon_image *image,
			struct cordon_rule_slots *slots)
{
	for (size_t i = 0; i < image->nr_rules; i++) {
		const struct cordon_image_rule *rule = &image->rules[i];
		size_t slot;

		slots->slot[i] = 0;
		if (!cordon_names_find(&placing->names, rule->keep, rule->rule.name, &slot) ||
		    placing->taken[slot])
			continue;
		slots->slot[i] = (uint16_t)slot;
		slots->fresh[i] = false;
		placing->taken[slot] = true;
	}
}

static int place_fresh(struct placing *placing, const struct cordon_image *image,
		       struct cordon_rule_slots *slots)
{
	for (size_t i = 0; i < image->nr_rules; i++) {
		uint32_t slot;
		int error;

		if (slots->slot[i])
			continue;
		error = find_free(placing, &slot);
		if (error)
			return error;
		slots->slot[i] = (uint16_t)slot;
		slots->fresh[i] = true;
		placing->taken[slot] = true;
	}
	return 0;
}

static int place(struct placing *placing, const struct cordon_image *image,
		 struct cordon_rule_slots *ret_slots)
{
	const struct cordon_standing standing = cordon_standing_read(placing->maps);
	int error;

	error = cordon_rules_used(placing->maps, standing.effective, &placing->in_force);
	if (!error)
		error = use_other(placing->maps, standing.other, &placing->former);
	if (!error)
		error = learn_names(placing);
	if (error)
		return error;
	place_known(placing, image, ret_slots);
	return place_fresh(placing, image, ret_slots);
}

int cordon_rules_place(const struct cordon_maps *maps, const struct cordon_image *image,
		       struct cordon_rule_slots *ret_slots)
{
	struct placing *placing CLEANUP(free) = calloc(1, sizeof(*placing));
	int error;

	if (!placing)
		return -ENOMEM;
	if (image->nr_rules > ARRAY_SIZE(ret_slots->slot))
		return -ENOSPC;
	placing->maps = maps;
	error = place(placing, image, ret_slots);
	cordon_names_clear(&placing->names);
	return error;
}

static int zero_counter(const struct cordon_maps *maps, uint32_t slot, const char *name)
{
	struct cordon_counter *values CLEANUP(free) = calloc(maps->cpus, sizeof(*values));

	if (!values)
		return -ENOMEM;
	for (unsigned int i = 0; i < maps->cpus; i++)
		memcpy(values[i].name, name, sizeof(values[i].name));
	return bpf_map_update_elem(maps->fd[CORDON_MAP_COUNTERS], &slot, values, BPF_ANY);
}

int cordon_rules_name(const struct cordon_maps *maps, const struct cordon_image *image,
		      const struct cordon_rule_slots *slots)
{
	for (size_t i = 0; i < image->nr_rules; i++) {
		const uint32_t slot = slots->slot[i];
		int error;

		maps->rules[slot] = image->rules[i].rule;
		if (!slots->fresh[i])
			continue;
		error = zero_counter(maps, slot, image->rules[i].rule.name);
		if (error)
			return error;
	}
	return 0;
}

int cordon_rules_sweep(const struct cordon_maps *maps)
{
	static const char none[CORDON_NAME_SIZE];
	const struct cordon_standing standing = cordon_standing_read(maps);
	struct placing *use CLEANUP(free) = calloc(1, sizeof(*use));
	int error;

	if (!use)
		return -ENOMEM;
	error = cordon_rules_used(maps, standing.effective, &use->in_force);
	if (!error)
		error = use_other(maps, standing.other, &use->former);
	for (uint32_t i = CORDON_RULE_SLOT_FIRST; i < CORDON_RULE_SLOTS && !error; i++) {
		if (!maps->rules[i].name[0] || slot_in_force(use, i) || slot_is_former(use, i))
			continue;
		error = zero_counter(maps, i, none);
		memset(&maps->rules[i], 0, sizeof(maps->rules[i]));
	}
	return error;
}
