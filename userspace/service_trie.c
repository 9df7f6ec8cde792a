// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Builds the pages of the service trie.  A list is painted back to front over
 * the 65,536 services of each protocol that it names: 256 high bytes, each of
 * them either all one value or a page of its own.  What is painted is interned.
 */
#include "service_trie.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

#define PAGE_ENTRIES CORDON_PAGE_ENTRIES

/*
 * struct canvas - the services of one protocol while they are painted
 * @value: of every service of a high byte, unless it is @mixed
 * @page: the services of a high byte that is @mixed
 */
struct canvas {
	uint16_t value[PAGE_ENTRIES];
	bool mixed[PAGE_ENTRIES];
	struct cordon_page page[PAGE_ENTRIES];
};

/*
 * struct cordon_trie
 * @slots: open addressing by hash, page numbers, 0 is free; @nr_slots is a
 *	power of two
 * @uniform: leaf page that holds a value everywhere, 0: none yet
 */
struct cordon_trie {
	struct cordon_page *pages;
	uint8_t *leaf;
	size_t nr_pages;
	size_t room;
	uint16_t *slots;
	size_t nr_slots;
	uint16_t uniform[UINT16_MAX + 1];
	struct canvas canvas;
};

DEFINE_CLEANUP(trie, struct cordon_trie *, cordon_trie_free)

/* Words mixed as by FNV-1a; collisions only cost time. */
static size_t page_hash(const struct cordon_page *page, bool leaf)
{
	uint64_t words[sizeof(*page) / sizeof(uint64_t)];
	uint64_t hash = 14695981039346656037ULL + leaf;

	memcpy(words, page, sizeof(*page));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		hash = (hash ^ words[i]) * 1099511628211ULL;
		hash ^= hash >> 32;
	}
	return (size_t)hash;
}

/* Where the page is, or would be. */
static uint16_t *find_slot(const struct cordon_trie *trie, const struct cordon_page *page,
			   bool leaf)
{
	size_t i = page_hash(page, leaf);
	uint16_t *slot;

	for (;; i++) {
		slot = &trie->slots[i & (trie->nr_slots - 1)];
		if (!*slot)
			return slot;
		if (trie->leaf[*slot] == leaf && !memcmp(&trie->pages[*slot], page, sizeof(*page)))
			return slot;
	}
}

static int grow_slots(struct cordon_trie *trie)
{
	size_t nr = trie->nr_slots ? 2 * trie->nr_slots : 256;
	uint16_t *slots = calloc(nr, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	free(trie->slots);
	trie->slots = slots;
	trie->nr_slots = nr;
	for (size_t i = 1; i < trie->nr_pages; i++)
		*find_slot(trie, &trie->pages[i], trie->leaf[i]) = (uint16_t)i;
	return 0;
}

static int grow_pages(struct cordon_trie *trie)
{
	size_t room = trie->room ? 2 * trie->room : 64;
	struct cordon_page *pages;
	uint8_t *leaf;

	pages = realloc(trie->pages, room * sizeof(*pages));
	if (!pages)
		return -ENOMEM;
	trie->pages = pages;
	leaf = realloc(trie->leaf, room);
	if (!leaf)
		return -ENOMEM;
	trie->leaf = leaf;
	trie->room = room;
	return 0;
}

/* Room for one page more. */
static int reserve(struct cordon_trie *trie)
{
	int err = 0;

	if (trie->nr_pages >= CORDON_PAGES_MAX)
		return -E2BIG;
	if (trie->nr_pages == trie->room)
		err = grow_pages(trie);
	if (!err && 2 * trie->nr_pages >= trie->nr_slots)
		err = grow_slots(trie);
	return err;
}

static bool is_empty(const struct cordon_page *page)
{
	static const struct cordon_page empty;

	return !memcmp(page, &empty, sizeof(empty));
}

/* Number of the one page that is equal to @page. */
static int intern(struct cordon_trie *trie, const struct cordon_page *page, bool leaf,
		  uint16_t *ret_number)
{
	uint16_t *slot;
	int err;

	if (is_empty(page)) {
		*ret_number = 0;
		return 0;
	}
	err = reserve(trie);
	if (err)
		return err;
	slot = find_slot(trie, page, leaf);
	if (!*slot) {
		*slot = (uint16_t)trie->nr_pages++;
		trie->pages[*slot] = *page;
		trie->leaf[*slot] = leaf;
	}
	*ret_number = *slot;
	return 0;
}

static int intern_uniform(struct cordon_trie *trie, uint16_t value, uint16_t *ret_number)
{
	struct cordon_page page;
	int err;

	if (value && !trie->uniform[value]) {
		for (unsigned int i = 0; i < PAGE_ENTRIES; i++)
			page.next[i] = value;
		err = intern(trie, &page, true, &trie->uniform[value]);
		if (err)
			return err;
	}
	*ret_number = trie->uniform[value];
	return 0;
}

/* Services @first to @last of one high byte. */
static void paint_high(struct canvas *canvas, unsigned int high, unsigned int first,
		       unsigned int last, uint16_t value)
{
	struct cordon_page *page = &canvas->page[high];

	if (first == 0 && last == PAGE_ENTRIES - 1) {
		canvas->value[high] = value;
		canvas->mixed[high] = false;
		return;
	}
	if (!canvas->mixed[high]) {
		for (unsigned int i = 0; i < PAGE_ENTRIES; i++)
			page->next[i] = canvas->value[high];
		canvas->mixed[high] = true;
	}
	for (unsigned int i = first; i <= last; i++)
		page->next[i] = value;
}

static void paint(struct canvas *canvas, const struct cordon_trie_entry *entry)
{
	unsigned int first = entry->any ? 0 : entry->first;
	unsigned int last = entry->any ? UINT16_MAX : entry->last;

	for (unsigned int high = first >> 8; high <= last >> 8; high++)
		paint_high(canvas, high, high == first >> 8 ? first & 0xff : 0,
			   high == last >> 8 ? last & 0xff : PAGE_ENTRIES - 1, entry->value);
}

static int intern_canvas(struct cordon_trie *trie, uint16_t *ret_number)
{
	struct canvas *canvas = &trie->canvas;
	struct cordon_page page;
	int err;

	for (unsigned int high = 0; high < PAGE_ENTRIES; high++) {
		if (canvas->mixed[high])
			err = intern(trie, &canvas->page[high], true, &page.next[high]);
		else
			err = intern_uniform(trie, canvas->value[high], &page.next[high]);
		if (err)
			return err;
	}
	return intern(trie, &page, false, ret_number);
}

/* @protocol: -1: one that no entry names */
static int add_protocol(struct cordon_trie *trie, const struct cordon_trie_entry *entries,
			size_t nr, int protocol, uint16_t *ret_number)
{
	struct canvas *canvas = &trie->canvas;

	memset(canvas->value, 0, sizeof(canvas->value));
	memset(canvas->mixed, 0, sizeof(canvas->mixed));
	for (size_t i = nr; i--;) {
		if (entries[i].any || entries[i].protocol == protocol)
			paint(canvas, &entries[i]);
	}
	return intern_canvas(trie, ret_number);
}

int cordon_trie_add(struct cordon_trie *trie, const struct cordon_trie_entry *entries, size_t nr,
		    uint16_t *ret_root)
{
	bool named[PAGE_ENTRIES] = { false };
	struct cordon_page root;
	uint16_t others;
	int err;

	err = add_protocol(trie, entries, nr, -1, &others);
	if (err)
		return err;
	for (size_t i = 0; i < nr; i++)
		named[entries[i].protocol] |= !entries[i].any;
	for (int protocol = 0; protocol < PAGE_ENTRIES; protocol++) {
		root.next[protocol] = others;
		if (!named[protocol])
			continue;
		err = add_protocol(trie, entries, nr, protocol, &root.next[protocol]);
		if (err)
			return err;
	}
	return intern(trie, &root, false, ret_root);
}

static uint32_t leaf_services(const struct cordon_page *leaf, unsigned int protocol,
			      unsigned int high)
{
	uint32_t services = 0;

	for (unsigned int low = 0; low < PAGE_ENTRIES; low++) {
		if (leaf->next[low])
			services |= CORDON_SERVICE_BIT(protocol, high << 8 | low);
	}
	return services;
}

/* Once all bits are set there is nothing more to find. */
uint32_t cordon_trie_services(const struct cordon_page *pages, uint32_t root)
{
	uint32_t services = 0;

	for (unsigned int protocol = 0; protocol < PAGE_ENTRIES; protocol++) {
		const struct cordon_page *middle = &pages[pages[root].next[protocol]];

		for (unsigned int high = 0; high < PAGE_ENTRIES && services != UINT32_MAX; high++) {
			if (middle->next[high])
				services |=
					leaf_services(&pages[middle->next[high]], protocol, high);
		}
	}
	return services;
}

void cordon_trie_take(struct cordon_trie *trie, struct cordon_page **ret_pages, uint8_t **ret_leaf,
		      size_t *ret_nr)
{
	*ret_pages = TAKE(trie->pages);
	*ret_leaf = TAKE(trie->leaf);
	*ret_nr = trie->nr_pages;
	trie->nr_pages = 0;
	trie->room = 0;
}

void cordon_trie_free(struct cordon_trie *trie)
{
	if (!trie)
		return;
	free(trie->pages);
	free(trie->leaf);
	free(trie->slots);
	free(trie);
}

int cordon_trie_new(struct cordon_trie **ret_trie)
{
	struct cordon_trie *trie CLEANUP(trie) = calloc(1, sizeof(*trie));
	int err;

	if (!trie)
		return -ENOMEM;
	err = reserve(trie);
	if (err)
		return err;
	memset(&trie->pages[0], 0, sizeof(trie->pages[0]));
	trie->leaf[0] = 0;
	trie->nr_pages = 1;
	*ret_trie = TAKE(trie);
	return 0;
}
