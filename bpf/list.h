/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is read of the kernel's linked lists (CO-RE: only the fields named here, 6.1
 * to 6.18).
 */
#ifndef CORDON_BPF_LIST_H
#define CORDON_BPF_LIST_H

struct list_head {
	struct list_head *next;
} __attribute__((preserve_access_index));

struct hlist_node {
	struct hlist_node *next;
} __attribute__((preserve_access_index));

struct hlist_head {
	struct hlist_node *first;
} __attribute__((preserve_access_index));

#endif
