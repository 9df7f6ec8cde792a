/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the network of this namespace consists of: links and addresses, and
 * word of their changes.  The only files that know netlink are nl*.c; they
 * change nothing in the network.
 */
#ifndef CORDON_NL_H
#define CORDON_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/policy.h>

#include "util/failure.h"

/**
 * struct cordon_nl_link - one interface
 * @master: index of its bridge or bond, 0: none
 * @lower: index of the interface below it (VLAN, macvlan), 0: none or not here
 * @arphrd: ARPHRD_* of <linux/if_arp.h>
 * @vlan: VLAN id of a VLAN child, 0: it is none
 * @xdp_program: id of the XDP program that runs in the driver, 0: none
 * @xdp_other: id of one in generic or hardware mode, 0: none
 * @physical: it has a device (PCI, USB, virtio ...) of its own
 * @kind: "veth", "bridge" ..., "" for a plain device
 */
struct cordon_nl_link {
	int index;
	int master;
	int lower;
	unsigned int flags;
	uint16_t arphrd;
	uint16_t vlan;
	uint32_t xdp_program;
	uint32_t xdp_other;
	bool physical;
	char name[CORDON_INTERFACE_NAME_SIZE];
	char kind[16];
};

struct cordon_nl_links {
	struct cordon_nl_link *entry; /* owned */
	size_t nr;
};

struct cordon_nl_address {
	struct cordon_address address;
	int index;
};

struct cordon_nl_addresses {
	struct cordon_nl_address *entry; /* owned */
	size_t nr;
};

int cordon_nl_links_read(struct cordon_failure *failure, struct cordon_nl_links *ret_links);
void cordon_nl_links_clear(struct cordon_nl_links *links);

static inline void cleanup_nl_links(struct cordon_nl_links *links)
{
	cordon_nl_links_clear(links);
}

/** cordon_nl_link_find() - by index; NULL: there is none */
const struct cordon_nl_link *cordon_nl_link_find(const struct cordon_nl_links *links, int index);

int cordon_nl_addresses_read(struct cordon_failure *failure,
			     struct cordon_nl_addresses *ret_addresses);

/** cordon_nl_addresses_have() - whether an address is among them */
bool cordon_nl_addresses_have(const struct cordon_nl_addresses *addresses,
			      const struct cordon_address *address);

/** cordon_nl_address_map() - 4 or 16 bytes of a @family, as the ABI has them */
void cordon_nl_address_map(int family, const void *bytes, struct cordon_address *address);

/** cordon_nl_route() - index of the interface that a route to @address leaves by, 0: none */
int cordon_nl_route(const struct cordon_address *address);

/** struct cordon_nl_watch - word of changes */
struct cordon_nl_watch;

/** cordon_nl_watch_open() - from now on; read links and addresses after this */
int cordon_nl_watch_open(struct cordon_failure *failure, struct cordon_nl_watch **ret_watch);
void cordon_nl_watch_close(struct cordon_nl_watch *watch);
int cordon_nl_watch_fd(const struct cordon_nl_watch *watch);

/** struct cordon_nl_change - what may have changed; a lost message means all */
struct cordon_nl_change {
	bool links;
	bool addresses;
	bool overrun;
};

/** cordon_nl_watch_read() - take all that has arrived; does not wait */
struct cordon_nl_change cordon_nl_watch_read(struct cordon_nl_watch *watch);

#endif
