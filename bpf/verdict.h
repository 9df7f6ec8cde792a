/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one evaluator: who is at each end, and which rule lets one ask the
 * other.  The four steps are those of uapi/policy.h.  Compiles for BPF and for
 * the host alike; knows neither packets nor flows, counts nothing.
 */
#ifndef CORDON_BPF_VERDICT_H
#define CORDON_BPF_VERDICT_H

#include <cordon/uapi/reason.h>

#include "core.h"
#include "prefix.h"
#include "table.h"

/** struct tables - one generation at one latch level */
struct tables {
	const struct cordon_settings *settings;
	struct cordon_table prefixes;
	struct cordon_table matrix;
	struct cordon_table pages;
	struct cordon_table classes;
};

static __always_inline __u32 verdict_zone4(const struct tables *tables,
					   const struct cordon_address *address)
{
	return prefix_lookup4(&tables->prefixes, &tables->settings->ipv4, address_word(address, 3));
}

static __always_inline __u32 verdict_zone6(const struct tables *tables,
					   const struct cordon_address *address)
{
	__u32 word[4];

	for (int i = 0; i < 4; i++)
		word[i] = address_word(address, i);
	return prefix_lookup6(&tables->prefixes, &tables->settings->ipv6, word);
}

/** verdict_zone() - the zone whose prefix covers an address, STRANGER, or PREFIX_BROKEN */
static __always_inline __u32 verdict_zone(const struct tables *tables,
					  const struct cordon_address *address)
{
	return likely(address_is_ipv4(address)) ? verdict_zone4(tables, address) :
						  verdict_zone6(tables, address);
}

/** verdict_audits() - what is denied passes all the same; never under a latch */
static __always_inline bool verdict_audits(const struct cordon_settings *settings, __u32 latch)
{
	return settings->flags & CORDON_SETTINGS_AUDIT && latch == CORDON_LATCH_OPEN;
}

/* Few addresses are asked for this. */
VERIFIED_APART __u32 is_link_scoped(const struct cordon_address *address)
{
	return address && address_is_link_scoped(address);
}

static __always_inline bool class_allows(const struct cordon_class *class, __u32 identity)
{
	return class->allowed[(identity / 64) % CORDON_IDENTITY_WORDS] >> (identity % 64) & 1;
}

/**
 * verdict_end() - who a remote address is, as seen on an interface
 * @class: of the interface
 * @zone: verdict_zone() of the address
 *
 * An address that means something on one link only (link-local, multicast) and
 * is in no zone belongs to the zone that is tied to the link.
 * Return: NONE and @ret_identity; SPOOFED; INTERNAL.
 */
static __always_inline enum cordon_reason verdict_end(const struct tables *tables, __u32 class,
						      const struct cordon_address *address,
						      __u32 zone, __u32 *ret_identity)
{
	const struct cordon_class *seen;

	if (zone == PREFIX_BROKEN)
		return CORDON_REASON_INTERNAL;
	*ret_identity = zone;
	/* No zone is tied to any interface: every address may be seen anywhere. */
	if (!(tables->settings->flags & CORDON_SETTINGS_TIED))
		return CORDON_REASON_NONE;
	seen = table_at(&tables->classes, class);
	if (!seen)
		return CORDON_REASON_INTERNAL;
	if (zone != CORDON_IDENTITY_STRANGER)
		return class_allows(seen, zone) ? CORDON_REASON_NONE : CORDON_REASON_SPOOFED;
	*ret_identity = seen->fallback;
	if (seen->forwarder && is_link_scoped(address)) {
		*ret_identity = seen->forwarder;
		return CORDON_REASON_NONE;
	}
	return seen->flags & CORDON_CLASS_CLOSED ? CORDON_REASON_SPOOFED : CORDON_REASON_NONE;
}

/* By one byte.  The verifier of 6.1 forgets its bound as soon as it is spilled. */
static __always_inline __u16 page_next(const struct cordon_page *page, __u32 byte)
{
	table_checked(byte);
	return page->next[byte % CORDON_PAGE_ENTRIES];
}

/**
 * verdict_rule() - the rule that lets @from ask @service of @to
 * Return: its slot, 0 if there is none.
 */
static __always_inline __u32 verdict_rule(const struct tables *tables, __u32 from, __u32 to,
					  __u8 protocol, __u16 service)
{
	const struct cordon_cell *cell;
	const struct cordon_page *page;
	__u16 next;

	cell = table_at(&tables->matrix, to * tables->settings->identities + from);
	if (!cell || !cell->page || !(cell->services & CORDON_SERVICE_BIT(protocol, service)))
		return 0;
	page = table_at(&tables->pages, cell->page);
	if (!page)
		return 0;
	next = page_next(page, protocol);
	page = next ? table_at(&tables->pages, next) : (const void *)0;
	if (!page)
		return 0;
	next = page_next(page, service >> 8);
	page = next ? table_at(&tables->pages, next) : (const void *)0;
	return page ? page_next(page, service) : 0;
}

/**
 * verdict_builtin() - what the built-in rules say of a packet that looks like one
 * @seen: enum cordon_builtin that the parser found within its bounds
 * @allowed: directions in which it is one
 * @direction: BUILTIN_IN or BUILTIN_OUT, the packet's
 * Return: true: it passes by that built-in rule.
 */
static __always_inline bool verdict_builtin(const struct cordon_settings *settings, __u8 seen,
					    __u8 allowed, __u8 direction)
{
	if (!seen || !(allowed & direction))
		return false;
	return !settings || !(settings->builtins_off >> seen & 1);
}

#endif
