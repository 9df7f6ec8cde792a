// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interfaces, addresses and routes of this network namespace: what the kernel
 * says of them is compared with what was there before, and only a difference is
 * told.  Of some changes the kernel says nothing - an IPv4 route that goes with
 * its interface or address -, and word of others may be lost: then all is listed,
 * and compared likewise.
 */
#include "watch.h"

#include <errno.h>
#include <linux/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/uapi/config.h>

#include "event.h"
#include "nl_change.h"
#include "util/array.h"

/* 1.4 MB.  With more, all that comes and goes is told as the kernel says it, and nothing listed. */
#define ENTRIES_MAX 8192
/* A list that is made under changes is made again. */
#define TRIES 16

/* struct entry - @round: of the list that had it last */
struct entry {
	struct cordon_nl_item item;
	unsigned int round;
};

/**
 * struct links
 * @hint: where the last one was found: lists come in the same order each time
 * @partial: there are more than are kept
 * @quiet: the first list: this is how it is
 * @stale: bit by enum cordon_nl_kind: they are to be listed
 */
struct links {
	const struct cordon_watch *watch;
	struct cordon_nl_changes *changes;
	struct entry *entry;
	size_t nr;
	size_t hint;
	unsigned int round;
	unsigned int stale;
	bool partial;
	bool quiet;
};

/* ---- what there is ----------------------------------------------------------------------- */

static bool is_same_entry(const struct cordon_nl_item *a, const struct cordon_nl_item *b)
{
	return a->prefix == b->prefix && a->type == b->type && a->protocol == b->protocol &&
	       a->table == b->table && a->metric == b->metric &&
	       !memcmp(&a->address, &b->address, sizeof(a->address)) &&
	       !memcmp(&a->gateway, &b->gateway, sizeof(a->gateway));
}

static bool is_same(const struct cordon_nl_item *a, const struct cordon_nl_item *b)
{
	return a->kind == b->kind && a->index == b->index &&
	       (a->kind == CORDON_NL_LINK || is_same_entry(a, b));
}

static struct entry *find(struct links *links, const struct cordon_nl_item *item)
{
	for (size_t i = 0; i < links->nr; i++) {
		const size_t at = (links->hint + i) % links->nr;

		if (!is_same(&links->entry[at].item, item))
			continue;
		links->hint = at + 1;
		return &links->entry[at];
	}
	return NULL;
}

static void keep(struct links *links, const struct cordon_nl_item *item)
{
	struct entry *entry = links->nr < ENTRIES_MAX ? array_push(links->entry, links->nr) : NULL;

	if (entry)
		*entry = (struct entry){ *item, links->round };
	else
		links->partial = true;
}

static void forget(struct links *links, struct entry *entry)
{
	if (entry)
		*entry = links->entry[--links->nr];
}

static const char *name_of(struct links *links, int index)
{
	const struct cordon_nl_item item = { .kind = CORDON_NL_LINK, .index = index };
	const struct entry *entry = index ? find(links, &item) : NULL;

	return entry ? entry->item.name : "";
}

/* ---- what is told ------------------------------------------------------------------------ */

static void tell(const struct links *links, union cordon_event_room *room)
{
	if (!links->quiet)
		links->watch->tell(links->watch->state, cordon_event_end(room));
}

static void add_hardware(union cordon_event_room *room, const struct cordon_nl_item *item)
{
	char text[3 * sizeof(item->hardware) + 1] = "";

	for (uint32_t i = 0; i < item->hardware_size; i++)
		snprintf(text + 3 * i, 4, "%02x:", item->hardware[i]);
	if (item->hardware_size)
		text[3 * item->hardware_size - 1] = '\0';
	cordon_event_add(room, text);
}

static void tell_link(struct links *links, const struct cordon_nl_item *item, uint32_t change,
		      const char *former_name)
{
	union cordon_event_room room;
	struct cordon_event_link *link =
		cordon_event_begin(&room, CORDON_EVENT_LINK, sizeof(*link));

	link->index = (uint32_t)item->index;
	link->change = change;
	link->flags = item->flags;
	link->master = (uint32_t)item->master;
	cordon_event_add(&room, item->name);
	cordon_event_add(&room, change & CORDON_LINK_RENAMED ? former_name : "");
	cordon_event_add(&room, item->link_kind);
	cordon_event_add(&room, item->device);
	add_hardware(&room, item);
	cordon_event_add(&room, name_of(links, item->master));
	tell(links, &room);
}

static void tell_address(struct links *links, const struct cordon_nl_item *item,
			 enum cordon_entry_change change)
{
	union cordon_event_room room;
	struct cordon_event_address *address =
		cordon_event_begin(&room, CORDON_EVENT_ADDRESS, sizeof(*address));

	address->address = item->address;
	address->index = (uint32_t)item->index;
	address->change = (uint8_t)change;
	address->prefix = item->prefix;
	cordon_event_add(&room, name_of(links, item->index));
	tell(links, &room);
}

static void tell_route(struct links *links, const struct cordon_nl_item *item,
		       enum cordon_entry_change change)
{
	union cordon_event_room room;
	struct cordon_event_route *route =
		cordon_event_begin(&room, CORDON_EVENT_ROUTE, sizeof(*route));

	route->destination = item->address;
	route->gateway = item->gateway;
	route->index = (uint32_t)item->index;
	route->table = item->table;
	route->metric = item->metric;
	route->change = (uint8_t)change;
	route->prefix = item->prefix;
	route->type = item->type;
	route->protocol = item->protocol;
	cordon_event_add(&room, name_of(links, item->index));
	tell(links, &room);
}

/* ---- what has changed -------------------------------------------------------------------- */

static uint32_t flag_change(const struct cordon_nl_item *before, const struct cordon_nl_item *after,
			    unsigned int flag, uint32_t set, uint32_t cleared)
{
	if (!((before->flags ^ after->flags) & flag))
		return 0;
	return after->flags & flag ? set : cleared;
}

static uint32_t link_change(const struct cordon_nl_item *before, const struct cordon_nl_item *after)
{
	uint32_t change = flag_change(before, after, IFF_UP, CORDON_LINK_UP, CORDON_LINK_DOWN) |
			  flag_change(before, after, IFF_LOWER_UP, CORDON_LINK_CARRIER,
				      CORDON_LINK_NO_CARRIER) |
			  flag_change(before, after, IFF_PROMISC, CORDON_LINK_PROMISCUOUS,
				      CORDON_LINK_NOT_PROMISCUOUS);

	if (strcmp(before->name, after->name) != 0)
		change |= CORDON_LINK_RENAMED;
	if (before->master != after->master)
		change |= CORDON_LINK_MASTER;
	if (before->hardware_size != after->hardware_size ||
	    memcmp(before->hardware, after->hardware, sizeof(before->hardware)) != 0)
		change |= CORDON_LINK_HARDWARE;
	return change;
}

/* IPv4 routes by it go without a word. */
#define TAKES_ROUTES (CORDON_LINK_GONE | CORDON_LINK_DOWN | CORDON_LINK_NO_CARRIER)

static void take_link(struct links *links, const struct cordon_nl_item *item, bool gone)
{
	struct entry *entry = find(links, item);
	const struct cordon_nl_item former = entry ? entry->item : *item;
	uint32_t change = entry ? link_change(&former, item) : 0;

	if (gone)
		change = CORDON_LINK_GONE;
	else if (!entry)
		change = CORDON_LINK_APPEARED;
	if (change && (entry || !gone || links->partial))
		tell_link(links, item, change, former.name);
	if (change & TAKES_ROUTES)
		links->stale |= 1U << CORDON_NL_ROUTE;
	if (gone)
		forget(links, entry);
	else if (entry)
		*entry = (struct entry){ *item, links->round };
	else
		keep(links, item);
}

/* Return: whether there was one */
static bool forget_rivals(struct links *links, const struct cordon_nl_item *item)
{
	const size_t before = links->nr;

	for (size_t i = links->nr; i-- > 0;) {
		const struct cordon_nl_item *other = &links->entry[i].item;

		if (other->kind == CORDON_NL_ROUTE && other->table == item->table &&
		    other->metric == item->metric && other->prefix == item->prefix &&
		    !memcmp(&other->address, &item->address, sizeof(item->address)))
			forget(links, &links->entry[i]);
	}
	return links->nr != before;
}

static void tell_entry(struct links *links, const struct cordon_nl_item *item,
		       enum cordon_entry_change change)
{
	if (item->kind == CORDON_NL_ADDRESS)
		tell_address(links, item, change);
	else
		tell_route(links, item, change);
}

static void add_entry(struct links *links, const struct cordon_nl_item *item,
		      enum cordon_nl_news news)
{
	struct entry *entry = find(links, item);
	enum cordon_entry_change change = CORDON_ENTRY_ADDED;

	if (entry) {
		entry->round = links->round;
		return;
	}
	if (news == CORDON_NL_REPLACED && (forget_rivals(links, item) || links->partial))
		change = CORDON_ENTRY_REPLACED;
	tell_entry(links, item, change);
	keep(links, item);
}

static void remove_entry(struct links *links, const struct cordon_nl_item *item)
{
	struct entry *entry = find(links, item);

	if (!entry && !links->partial)
		return;
	forget(links, entry);
	tell_entry(links, item, CORDON_ENTRY_REMOVED);
	if (item->kind == CORDON_NL_ADDRESS)
		links->stale |= 1U << CORDON_NL_ROUTE;
}

static int take(void *state, const struct cordon_nl_item *item, enum cordon_nl_news news)
{
	struct links *links = state;

	if (item->kind == CORDON_NL_LINK)
		take_link(links, item, news == CORDON_NL_GONE);
	else if (news == CORDON_NL_GONE)
		remove_entry(links, item);
	else
		add_entry(links, item, news);
	return 0;
}

/* ---- lists ------------------------------------------------------------------------------- */

/* Of too many the rest is of no use. */
static int see(void *state, const struct cordon_nl_item *item, enum cordon_nl_news news)
{
	const struct links *links = state;

	take(state, item, news);
	return links->partial ? -ENOSPC : 0;
}

/* Backwards: the last takes the place of one that is taken out. */
static void drop_unseen(struct links *links, enum cordon_nl_kind kind)
{
	for (size_t i = links->nr; i-- > 0;) {
		const struct cordon_nl_item item = links->entry[i].item;

		if (item.kind == kind && links->entry[i].round != links->round)
			take(links, &item, CORDON_NL_GONE);
	}
}

static void list(struct links *links)
{
	for (int kind = 0; kind < CORDON_NL_KINDS && !links->partial; kind++) {
		if (!(links->stale & 1U << kind))
			continue;
		links->round++;
		links->hint = 0;
		if (cordon_nl_items_list(kind, see, links))
			continue;
		links->stale &= ~(1U << kind);
		drop_unseen(links, kind);
	}
}

/* ---- a source ---------------------------------------------------------------------------- */

static void look(void *source)
{
	struct links *links = source;

	if (links->stale)
		list(links);
}

static void read_all(void *source)
{
	struct links *links = source;

	if (cordon_nl_changes_read(links->changes)) {
		links->watch->lost(links->watch->state, 1);
		links->stale = (1U << CORDON_NL_KINDS) - 1;
	}
	look(links);
}

static int get_fd(const void *source)
{
	return cordon_nl_changes_fd(((const struct links *)source)->changes);
}

static void close_links(void *source)
{
	struct links *links = source;

	cordon_nl_changes_close(links->changes);
	free(links->entry);
	free(links);
}

static int open_links(const struct cordon_watch *watch, struct cordon_failure *failure,
		      void **ret_source)
{
	struct links *links = calloc(1, sizeof(*links));
	struct cordon_failure why = { .text = "" };
	int error;

	if (!links)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	links->watch = watch;
	error = cordon_nl_changes_open(take, links, &why, &links->changes);
	if (error) {
		close_links(links);
		return cordon_fail(failure, error, "changes of interfaces are not told: %s",
				   why.text);
	}
	links->quiet = true;
	links->stale = (1U << CORDON_NL_KINDS) - 1;
	for (int i = 0; i < TRIES && links->stale && !links->partial; i++)
		list(links);
	links->quiet = false;
	*ret_source = links;
	return 0;
}

const struct cordon_watch_kind cordon_watch_links = {
	.open = open_links,
	.close = close_links,
	.fd = get_fd,
	.read = read_all,
	.look = look,
};
