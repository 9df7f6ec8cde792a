/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces, addresses and routes of this network namespace one by one, as they
 * are and as they change.  It keeps nothing, and says of each no more than tells
 * it from others.
 */
#ifndef CORDON_NL_CHANGE_H
#define CORDON_NL_CHANGE_H

#include "nl.h"

enum cordon_nl_kind {
	CORDON_NL_LINK,
	CORDON_NL_ADDRESS,
	CORDON_NL_ROUTE,
	CORDON_NL_KINDS
};

/**
 * struct cordon_nl_item - one of them; what it does not use is zero
 * @index: of the interface, 0: none
 * @flags: of a link, IFF_UP and such; IFF_PROMISC if anybody has it so
 * @hardware: address of a link, @hardware_size bytes
 * @device: what it is a part of, as "0000:00:03.0"
 * @address: of an address; destination of a route
 * @gateway: zeros: there is none
 * @table, @metric, @type, @protocol: of a route, as <linux/rtnetlink.h> has them
 */
struct cordon_nl_item {
	uint8_t kind;
	uint8_t prefix;
	uint8_t type;
	uint8_t protocol;
	int index;
	union {
		struct {
			unsigned int flags;
			int master;
			uint32_t hardware_size;
			uint8_t hardware[32];
			char name[CORDON_INTERFACE_NAME_SIZE];
			char link_kind[16];
			char device[32];
		};
		struct {
			uint32_t table;
			uint32_t metric;
			struct cordon_address address;
			struct cordon_address gateway;
		};
	};
};

/** enum cordon_nl_news - what is said of an item; REPLACED: it came in place of one like it */
enum cordon_nl_news {
	CORDON_NL_IS,
	CORDON_NL_GONE,
	CORDON_NL_REPLACED
};

/** cordon_nl_viewer - what it returns but 0 ends a list */
typedef int (*cordon_nl_viewer)(void *state, const struct cordon_nl_item *item,
				enum cordon_nl_news news);

/**
 * cordon_nl_items_list() - all of a kind, as they are now; not the routes of table local, nor what
 *	is only remembered of others
 * Return: 0; what the viewer returned; -EAGAIN: they changed meanwhile, and one may be missing;
 *	-errno.
 */
int cordon_nl_items_list(enum cordon_nl_kind kind, cordon_nl_viewer viewer, void *state);

/** struct cordon_nl_changes - word of them from now on */
struct cordon_nl_changes;

/** cordon_nl_changes_open() - lists after this miss nothing */
int cordon_nl_changes_open(cordon_nl_viewer viewer, void *state, struct cordon_failure *failure,
			   struct cordon_nl_changes **ret_changes);
void cordon_nl_changes_close(struct cordon_nl_changes *changes);
int cordon_nl_changes_fd(const struct cordon_nl_changes *changes);

/** cordon_nl_changes_read() - what has arrived, in a flood as much as fits into a turn
 * Return: 0; -ENOBUFS: some was lost. */
int cordon_nl_changes_read(struct cordon_nl_changes *changes);

#endif
