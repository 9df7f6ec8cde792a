// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hash table by open addressing, and the edit distance of short words
 * (optimal string alignment: insertion, deletion, substitution, swap).
 */
#include "util/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Names are shorter; longer words are not guessed at. */
#define WORD_MAX 48

struct cordon_names_slot {
	const char *text; /* NULL: free */
	uint32_t scope;
	uint32_t hash;
	size_t value;
};

/* FNV-1a */
static uint32_t hash_name(uint32_t scope, const char *text)
{
	uint32_t hash = (2166136261U ^ scope) * 16777619U;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619U;
	return hash ^ hash >> 15;
}

/* The slot of the name, or the free one where it would go; there always is one. */
static struct cordon_names_slot *find_slot(const struct cordon_names *names, uint32_t scope,
					   const char *text, uint32_t hash)
{
	for (size_t i = hash;; i++) {
		struct cordon_names_slot *slot = &names->slots[i & (names->room - 1)];

		if (!slot->text)
			return slot;
		if (slot->hash == hash && slot->scope == scope && !strcmp(slot->text, text))
			return slot;
	}
}

static int grow(struct cordon_names *names)
{
	struct cordon_names larger = { .room = names->room ? 2 * names->room : 64 };

	larger.slots = calloc(larger.room, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < names->room; i++) {
		const struct cordon_names_slot *slot = &names->slots[i];

		if (slot->text)
			*find_slot(&larger, slot->scope, slot->text, slot->hash) = *slot;
	}
	larger.used = names->used;
	free(names->slots);
	*names = larger;
	return 0;
}

int cordon_names_add(struct cordon_names *names, uint32_t scope, const char *text, size_t value,
		     size_t *ret_former)
{
	uint32_t hash = hash_name(scope, text);
	struct cordon_names_slot *slot;

	if (2 * names->used >= names->room && grow(names))
		return -ENOMEM;
	slot = find_slot(names, scope, text, hash);
	if (slot->text) {
		*ret_former = slot->value;
		return -EEXIST;
	}
	*slot = (struct cordon_names_slot){ text, scope, hash, value };
	names->used++;
	return 0;
}

bool cordon_names_find(const struct cordon_names *names, uint32_t scope, const char *text,
		       size_t *ret_value)
{
	const struct cordon_names_slot *slot;

	if (!names->room)
		return false;
	slot = find_slot(names, scope, text, hash_name(scope, text));
	if (!slot->text)
		return false;
	*ret_value = slot->value;
	return true;
}

void cordon_names_clear(struct cordon_names *names)
{
	free(names->slots);
	memset(names, 0, sizeof(*names));
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_length; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *spare = before;

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = least(last[j], row[j - 1]) + 1;
			row[j] = least(row[j], last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[b_length];
}

/* One letter in three may be wrong, none in a word of two. */
void cordon_nearest_offer(struct cordon_nearest *nearest, const char *name)
{
	size_t wanted_length = strlen(nearest->wanted);
	size_t length = strlen(name);
	size_t distance;

	if (wanted_length > WORD_MAX || length > WORD_MAX || length < 2)
		return;
	distance = edit_distance(nearest->wanted, wanted_length, name, length);
	if (distance > wanted_length / 3)
		return;
	if (nearest->best && distance >= nearest->distance)
		return;
	nearest->best = name;
	nearest->distance = distance;
}
