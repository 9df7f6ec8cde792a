// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two functions that elfutils 0.192 forgot to put into libelf.a (sourceware bug 32293; Debian 13
 * and bookworm-backports have it). They set up and tear down a tree of raw chunks that only
 * elf_getdata_rawchunk() fills. libbpf does not call it: if it did, eu_tsearch() would be missing
 * and the link would fail. It comes last in the link, so a whole libelf.a uses its own.
 * Nothing else belongs here.
 */
#include <stdbool.h>

bool eu_search_tree_init(void *tree);
void eu_search_tree_fini(void *tree, void (*free_node)(void *node));

bool eu_search_tree_init(void *tree)
{
	(void)tree;
	return true;
}

void eu_search_tree_fini(void *tree, void (*free_node)(void *node))
{
	(void)tree;
	(void)free_node;
}
