/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pages of the service trie: from a root page by IP protocol, by the high
 * and by the low byte of the service to a rule number.  Equal pages are one
 * (hash-consing), so that what many pairs of identities share is stored once.
 * It knows no identities and no rules, only numbers.
 */
#ifndef CORDON_SERVICE_TRIE_H
#define CORDON_SERVICE_TRIE_H

#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/policy.h>

struct cordon_trie;

/** struct cordon_trie_entry - services that lead to a rule number
 * @protocol: ignored if @any
 * @any: every protocol and service
 * @first: first service
 * @last: last one, included
 * @value: rule number, not 0
 */
struct cordon_trie_entry {
	uint8_t protocol;
	uint8_t any;
	uint16_t first;
	uint16_t last;
	uint16_t value;
};

/** cordon_trie_new() - a trie of page 0 only. Return: 0, -ENOMEM. */
int cordon_trie_new(struct cordon_trie **ret_trie);

/** cordon_trie_free() - takes NULL */
void cordon_trie_free(struct cordon_trie *trie);

/**
 * cordon_trie_add() - the root page of a list of services
 * @entries: where two of them overlap, the one that stands first wins
 * @ret_root: page number; 0 for an empty list
 * Return: 0; -ENOMEM; -E2BIG: over CORDON_PAGES_MAX pages.
 */
int cordon_trie_add(struct cordon_trie *trie, const struct cordon_trie_entry *entries, size_t nr,
		    uint16_t *ret_root);

/** cordon_trie_services() - cordon_cell.services for a root page of a sound trie */
uint32_t cordon_trie_services(const struct cordon_page *pages, uint32_t root);

/**
 * cordon_trie_take() - the pages leave the trie, which is empty then and can
 *	only be freed
 * @ret_pages: the caller's to free
 * @ret_leaf: likewise; 1 for each page that holds values, 0 for page numbers
 */
void cordon_trie_take(struct cordon_trie *trie, struct cordon_page **ret_pages, uint8_t **ret_leaf,
		      size_t *ret_nr);

#endif
