// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which hook an interface is to have, and giving it that: look at what is
 * there, add what is missing, and only then take away what is too much.
 */
#include "attach.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "attach_link.h"
#include "fault.h"
#include "place.h"
#include "util/array.h"
#include "util/cleanup.h"

/* Masters of masters: a bond in a bridge, and no more than people build. */
#define MASTERS_MAX 4

/**
 * struct side - one direction of one interface, as it is
 * @hook: NONE: nothing of ours
 * @current: it runs the program that it should
 * @link: pin of a tcx or XDP link
 */
struct side {
	enum cordon_hook hook;
	bool current;
	unsigned int ahead;
	struct cordon_pinned_link *link;
};

static bool is_loopback(const struct cordon_nl_link *link)
{
	return link->arphrd == ARPHRD_LOOPBACK || link->flags & IFF_LOOPBACK;
}

static bool passes_on_class(const struct cordon_nl_link *master)
{
	return !strcmp(master->kind, "bridge") || !strcmp(master->kind, "bond") ||
	       !strcmp(master->kind, "team");
}

uint32_t cordon_attach_class(const struct cordon_image *image, const struct cordon_nl_links *links,
			     const struct cordon_nl_link *link)
{
	for (int i = 0; image && link && i <= MASTERS_MAX; i++) {
		const struct cordon_image_interface *found =
			cordon_image_interface_find(image, link->name);

		if (found)
			return found->class;
		link = link->master ? cordon_nl_link_find(links, link->master) : NULL;
		if (link && !passes_on_class(link))
			return 0;
	}
	return 0;
}

static uint32_t wanted_mode(const struct cordon_attach *attach, const struct cordon_nl_link *link)
{
	const struct cordon_image *image = attach->image[attach->effective & 1];
	const struct cordon_image_interface *found =
		image ? cordon_image_interface_find(image, link->name) : NULL;

	return found ? found->mode : CORDON_MODE_AUTO;
}

/* tun, wireguard, ipip, ppp ...: packets start with the IP header. */
static bool has_ethernet(const struct cordon_nl_link *link)
{
	return link->arphrd == ARPHRD_ETHER;
}

static enum cordon_program side_program(const struct cordon_nl_link *link, bool out)
{
	if (has_ethernet(link))
		return out ? CORDON_PROGRAM_EGRESS_ETHER : CORDON_PROGRAM_INGRESS_ETHER;
	return out ? CORDON_PROGRAM_EGRESS_IP : CORDON_PROGRAM_INGRESS_IP;
}

static int look_tcx(const struct cordon_attach *attach, const struct cordon_pinned_links *pins,
		    const struct cordon_nl_link *link, bool out, struct side *side)
{
	struct cordon_tcx_found found;
	const int error = cordon_tcx_find(pins, link->index, out, &found);

	if (error)
		return error;
	if (!found.link)
		return 0;
	side->hook = CORDON_HOOK_TCX;
	side->link = found.link;
	side->ahead = found.ahead;
	side->current = found.link->program == attach->programs->id[side_program(link, out)];
	return 0;
}

static int look_clsact(const struct cordon_attach *attach, const struct cordon_nl_link *link,
		       bool out, struct side *side)
{
	const uint32_t id = cordon_clsact_find(link->index, out);

	if (!id)
		return 0;
	side->hook = CORDON_HOOK_CLSACT;
	side->current = id == attach->programs->id[side_program(link, out)];
	return 0;
}

static int look_tc(const struct cordon_attach *attach, const struct cordon_pinned_links *pins,
		   const struct cordon_nl_link *link, bool out, struct side *side)
{
	if (attach->tcx)
		return look_tcx(attach, pins, link, out, side);
	return look_clsact(attach, link, out, side);
}

static bool is_here(const struct cordon_pinned_links *pins, int ifindex)
{
	struct cordon_tcx_found in = { .link = NULL }, out = { .link = NULL };

	cordon_tcx_find(pins, ifindex, false, &in);
	cordon_tcx_find(pins, ifindex, true, &out);
	return in.link || out.link;
}

bool cordon_attach_is_elsewhere(const struct cordon_context *context)
{
	struct cordon_pinned_links pins CLEANUP(pinned_links) = { 0 };
	bool elsewhere = false;

	if (cordon_pinned_links_read(context, &pins))
		return false;
	for (size_t i = 0; i < pins.nr; i++) {
		const struct cordon_pinned_link *pin = &pins.entry[i];

		if (pin->type != BPF_LINK_TYPE_TCX || !pin->ifindex)
			continue;
		if (is_here(&pins, (int)pin->ifindex))
			return false;
		elsewhere = true;
	}
	return elsewhere;
}

static struct cordon_pinned_link *find_xdp(const struct cordon_pinned_links *pins,
					   const struct cordon_nl_link *link)
{
	for (size_t i = 0; i < pins->nr; i++) {
		struct cordon_pinned_link *pin = &pins->entry[i];

		if (pin->type == BPF_LINK_TYPE_XDP && (int)pin->ifindex == link->index &&
		    pin->program == link->xdp_program)
			return pin;
	}
	return NULL;
}

static int look_in(const struct cordon_attach *attach, const struct cordon_pinned_links *pins,
		   const struct cordon_nl_link *link, struct side *side)
{
	struct cordon_pinned_link *pin = link->xdp_program ? find_xdp(pins, link) : NULL;

	if (!pin)
		return look_tc(attach, pins, link, false, side);
	side->hook = CORDON_HOOK_XDP;
	side->link = pin;
	side->current = pin->program == attach->programs->id[CORDON_PROGRAM_XDP_INGRESS];
	return 0;
}

/* One whose pin is gone may still be on the hook, and is not to leave it for that. */
static bool has_xdp(const struct cordon_attach *attach)
{
	return attach->programs->id[CORDON_PROGRAM_XDP_INGRESS] ||
	       cordon_program_is_lost(attach->programs, CORDON_PROGRAM_XDP_INGRESS);
}

static bool wants_xdp(const struct cordon_attach *attach, const struct cordon_nl_link *link)
{
	const uint32_t mode = wanted_mode(attach, link);

	if (!has_xdp(attach) || !has_ethernet(link))
		return false;
	return mode == CORDON_MODE_XDP || (mode == CORDON_MODE_AUTO && link->physical);
}

static int attach_xdp(const struct cordon_attach *attach, const struct cordon_nl_link *link)
{
	int fd CLEANUP(close) = -1;
	char pin[64];

	/* Another's program stays: tc then does our work. */
	if (link->xdp_program || link->xdp_other)
		return -EBUSY;
	fd = cordon_xdp_link(attach->programs->fd[CORDON_PROGRAM_XDP_INGRESS], link->index);
	if (fd < 0)
		return fd;
	cordon_link_pin_name(link->name, false, &pin);
	return cordon_link_pin(attach->context, pin, fd);
}

static int attach_tc(const struct cordon_attach *attach, const struct cordon_nl_link *link,
		     bool out)
{
	const int program = attach->programs->fd[side_program(link, out)];
	int fd CLEANUP(close) = -1;
	char pin[64];

	if (program < 0)
		return -EBADF;
	if (!attach->tcx)
		return cordon_clsact_attach(program, link->index, out);
	fd = cordon_tcx_link(program, link->index, out);
	if (fd < 0)
		return fd;
	cordon_link_pin_name(link->name, out, &pin);
	return cordon_link_pin(attach->context, pin, fd);
}

static enum cordon_program program_of(const struct cordon_nl_link *link, bool out,
				      const struct side *side)
{
	return side->hook == CORDON_HOOK_XDP ? CORDON_PROGRAM_XDP_INGRESS : side_program(link, out);
}

/* The same hook, another build's program. Without a pin of the program that should be there, the
 * one that is stays. */
static int refresh_side(const struct cordon_attach *attach, const struct cordon_nl_link *link,
			bool out, const struct side *side)
{
	const int program = attach->programs->fd[program_of(link, out, side)];

	if (side->current || program < 0)
		return 0;
	if (side->hook == CORDON_HOOK_CLSACT)
		return cordon_clsact_attach(program, link->index, out);
	return cordon_link_replace(attach->context, side->link->name, program);
}

static int cover_in(const struct cordon_attach *attach, const struct cordon_nl_link *link,
		    const struct side *side, enum cordon_hook *ret_hook)
{
	const bool xdp = wants_xdp(attach, link);
	const enum cordon_hook tc = attach->tcx ? CORDON_HOOK_TCX : CORDON_HOOK_CLSACT;

	if (side->hook == (xdp ? CORDON_HOOK_XDP : tc)) {
		*ret_hook = side->hook;
		return refresh_side(attach, link, false, side);
	}
	if (xdp && !attach_xdp(attach, link)) {
		*ret_hook = CORDON_HOOK_XDP;
		/* A tcx link went with the move of the pin; a filter has none. */
		if (side->hook == CORDON_HOOK_CLSACT)
			cordon_clsact_detach(link->index, false);
		return 0;
	}
	*ret_hook = tc;
	if (side->hook == tc)
		return refresh_side(attach, link, false, side);
	/* Moving the new pin over that of an XDP link drops the XDP link. */
	return attach_tc(attach, link, false);
}

static int cover_out(const struct cordon_attach *attach, const struct cordon_nl_link *link,
		     const struct side *side)
{
	if (side->hook != CORDON_HOOK_NONE)
		return refresh_side(attach, link, true, side);
	return attach_tc(attach, link, true);
}

static void uncover_side(const struct cordon_attach *attach, const struct cordon_nl_link *link,
			 bool out, const struct side *side)
{
	if (side->link)
		cordon_link_unpin(attach->context, side->link->name);
	if (side->hook == CORDON_HOOK_CLSACT)
		cordon_clsact_detach(link->index, out);
}

static int look(const struct cordon_attach *attach, const struct cordon_pinned_links *pins,
		const struct cordon_nl_link *link, struct side *in, struct side *out)
{
	int error;

	memset(in, 0, sizeof(*in));
	memset(out, 0, sizeof(*out));
	error = look_in(attach, pins, link, in);
	return error ? error : look_tc(attach, pins, link, true, out);
}

static int cover(const struct cordon_attach *attach, const struct cordon_pinned_links *pins,
		 const struct cordon_nl_link *link)
{
	enum cordon_hook hook = CORDON_HOOK_NONE;
	struct side in, out;
	int error;

	error = look(attach, pins, link, &in, &out);
	if (error)
		return error;
	if (wanted_mode(attach, link) == CORDON_MODE_EXCLUDE) {
		uncover_side(attach, link, false, &in);
		uncover_side(attach, link, true, &out);
		cordon_place_hook(attach->maps, link->index, CORDON_HOOK_NONE);
		return 0;
	}
	error = cover_in(attach, link, &in, &hook);
	if (!error)
		error = cover_out(attach, link, &out);
	if (!error)
		cordon_place_hook(attach->maps, link->index, hook);
	return error;
}

static bool is_gone(int error)
{
	return error == -ENODEV || error == -ENXIO;
}

/* Pins of interfaces that are no more hold dead links. One whose interface is
 * alive, but not here, has moved to another namespace: it goes on there. */
static void sweep_pins(const struct cordon_attach *attach, struct cordon_pinned_links *pins)
{
	for (size_t i = pins->nr; i--;) {
		const struct cordon_pinned_link *pin = &pins->entry[i];
		const bool network = pin->type == BPF_LINK_TYPE_TCX ||
				     pin->type == BPF_LINK_TYPE_XDP;

		if (network && !pin->ifindex && !cordon_link_unpin(attach->context, pin->name))
			pins->entry[i] = pins->entry[--pins->nr];
	}
}

static int name_pin(const struct cordon_attach *attach, struct cordon_pinned_links *pins,
		    const struct cordon_nl_link *link, bool out, const struct side *side)
{
	char name[64];

	if (!side->link)
		return 0;
	cordon_link_pin_name(link->name, out, &name);
	return cordon_link_rename(attach->context, pins, side->link, name);
}

/* Interfaces may have been renamed, and have the name that another had. */
static int name_pins(const struct cordon_attach *attach, struct cordon_pinned_links *pins,
		     const struct cordon_nl_links *links)
{
	struct side in, out;
	int error = 0;

	for (size_t i = 0; i < links->nr && !error; i++) {
		const struct cordon_nl_link *link = &links->entry[i];

		/* What is wrong with it is said when it is to be covered. */
		if (look(attach, pins, link, &in, &out))
			continue;
		error = name_pin(attach, pins, link, false, &in);
		if (!error)
			error = name_pin(attach, pins, link, true, &out);
	}
	return error;
}

/* Before anything is attached, as the pin of a new link takes the place of what has its name. */
static int tidy_pins(const struct cordon_attach *attach, const struct cordon_nl_links *links,
		     struct cordon_pinned_links *ret_pins)
{
	const int error = cordon_pinned_links_read(attach->context, ret_pins);

	if (error)
		return error;
	sweep_pins(attach, ret_pins);
	return name_pins(attach, ret_pins, links);
}

int cordon_attach_interfaces(const struct cordon_attach *attach,
			     const struct cordon_nl_links *links, struct cordon_failure *failure)
{
	struct cordon_pinned_links pins CLEANUP(pinned_links) = { 0 };
	int error, first = 0;

	error = tidy_pins(attach, links, &pins);
	if (error)
		return cordon_fail(failure, error, "cannot tidy %s/links: %s",
				   attach->context->bpffs, strerror(-error));
	for (size_t i = 0; i < links->nr; i++) {
		const struct cordon_nl_link *link = &links->entry[i];

		if (is_loopback(link))
			continue;
		error = cover(attach, &pins, link);
		if (!error || is_gone(error))
			continue;
		cordon_fail(failure, error, "cannot cover %s: %s", link->name,
			    error == -EBADF ? "a pin below progs is gone, see cordon status" :
					      strerror(-error));
		first = first ? first : error;
	}
	return first;
}

int cordon_attach_places(const struct cordon_attach *attach, const struct cordon_nl_links *links,
			 struct cordon_failure *failure)
{
	int error;

	for (size_t i = 0; i < links->nr; i++) {
		const struct cordon_nl_link *link = &links->entry[i];

		if (is_loopback(link))
			continue;
		/* No place is no reason not to cover it; status says so. */
		error = cordon_place_take(attach, links, link);
		if (error && error != -ENOSPC)
			return cordon_fail(failure, error, "cannot note %s: %s", link->name,
					   strerror(-error));
	}
	cordon_places_sweep(attach->maps, links);
	error = cordon_place_vlans(attach, links);
	if (error)
		return cordon_fail(failure, error, "cannot note the VLANs: %s", strerror(-error));
	cordon_step("places");
	return 0;
}

void cordon_coverages_clear(struct cordon_coverages *coverages)
{
	free(coverages->entry);
	memset(coverages, 0, sizeof(*coverages));
}

/* What another has in the driver or, where ours is there, in the card before it. */
static uint32_t foreign_xdp(const struct cordon_nl_link *link, const struct side *in)
{
	if (in->hook == CORDON_HOOK_XDP || !link->xdp_program)
		return link->xdp_other;
	return link->xdp_program;
}

static const char *why_not_xdp(const struct cordon_attach *attach,
			       const struct cordon_nl_link *link)
{
	if (!has_xdp(attach))
		return "XDP program refused by this kernel, tc instead";
	if (!has_ethernet(link))
		return "no Ethernet header, tc instead of XDP";
	return "the driver has no native XDP, tc instead";
}

static bool is_lost(const struct cordon_attach *attach, const struct cordon_nl_link *link,
		    const struct side *in, const struct side *out)
{
	return cordon_program_is_lost(attach->programs, program_of(link, false, in)) ||
	       cordon_program_is_lost(attach->programs, program_of(link, true, out));
}

static void explain_foreign_xdp(const struct side *in, struct cordon_coverage *coverage)
{
	const bool instead = coverage->mode == CORDON_MODE_XDP && in->hook != CORDON_HOOK_XDP;

	snprintf(coverage->why, sizeof(coverage->why),
		 "an XDP program of others runs before ours (id %u, %s)%s", coverage->foreign_xdp,
		 coverage->foreign_xdp_name, instead ? "; tc instead of XDP" : "");
}

static void explain_coverage(const struct cordon_attach *attach, const struct cordon_nl_link *link,
			     const struct side *in, const struct side *out,
			     struct cordon_coverage *coverage)
{
	const char *why = "";

	if (coverage->loopback)
		why = "loopback is never covered";
	else if (coverage->excluded && coverage->hook == CORDON_HOOK_NONE)
		why = "excluded by the policy";
	else if (coverage->excluded)
		why = "excluded by the policy, but still covered";
	else if (!in->hook != !out->hook)
		why = in->hook ? "no program on the way out" : "no program on the way in";
	else if (!in->hook)
		why = "no program is attached";
	else if (coverage->foreign_xdp)
		return explain_foreign_xdp(in, coverage);
	else if (coverage->ahead)
		why = "a program of others runs before ours";
	else if (coverage->place < 0)
		why = "no place in the map of interfaces: class 0, not counted";
	else if (is_lost(attach, link, in, out))
		why = "it goes on without the pin of its program";
	else if (!in->current || !out->current)
		why = "programs of another build of cordon";
	else if (coverage->mode == CORDON_MODE_XDP && in->hook != CORDON_HOOK_XDP)
		why = why_not_xdp(attach, link);
	snprintf(coverage->why, sizeof(coverage->why), "%s", why);
}

static int survey_link(const struct cordon_attach *attach, const struct cordon_pinned_links *pins,
		       const struct cordon_nl_link *link, struct cordon_coverage *coverage)
{
	const struct cordon_interface *place;
	struct side in, out;
	const int error = look(attach, pins, link, &in, &out);

	if (error)
		return error;
	coverage->index = link->index;
	memcpy(coverage->name, link->name, sizeof(coverage->name));
	memcpy(coverage->kind, link->kind, sizeof(coverage->kind));
	coverage->loopback = is_loopback(link);
	coverage->mode = wanted_mode(attach, link);
	coverage->excluded = coverage->mode == CORDON_MODE_EXCLUDE;
	coverage->hook = in.hook && out.hook ? in.hook : CORDON_HOOK_NONE;
	coverage->foreign_xdp = coverage->loopback ? 0 : foreign_xdp(link, &in);
	if (coverage->foreign_xdp)
		cordon_program_tell(coverage->foreign_xdp, &coverage->foreign_xdp_name);
	coverage->ahead = in.ahead + out.ahead + (coverage->foreign_xdp != 0);
	coverage->place = cordon_place_find(attach->maps, link->index);
	place = coverage->place < 0 ? NULL : &attach->maps->interfaces[coverage->place];
	coverage->class = place ? place->class[attach->effective & 1] : 0;
	explain_coverage(attach, link, &in, &out, coverage);
	return 0;
}

int cordon_attach_survey(const struct cordon_attach *attach, const struct cordon_nl_links *links,
			 struct cordon_failure *failure, struct cordon_coverages *ret_coverages)
{
	struct cordon_pinned_links pins CLEANUP(pinned_links) = { 0 };
	struct cordon_coverages coverages CLEANUP(coverages) = { 0 };
	int error = cordon_pinned_links_read(attach->context, &pins);

	for (size_t i = 0; i < links->nr && !error; i++) {
		struct cordon_coverage *coverage = array_push(coverages.entry, coverages.nr);

		if (!coverage)
			return cordon_fail(failure, -ENOMEM, "out of memory");
		error = survey_link(attach, &pins, &links->entry[i], coverage);
		if (is_gone(error)) {
			coverages.nr--;
			error = 0;
		}
	}
	if (error)
		return cordon_fail(failure, error, "cannot look at the hooks: %s",
				   strerror(-error));
	*ret_coverages = coverages;
	memset(&coverages, 0, sizeof(coverages));
	return 0;
}

int cordon_attach_detach(const struct cordon_context *context, const struct cordon_nl_links *links,
			 struct cordon_failure *failure)
{
	struct cordon_pinned_links pins CLEANUP(pinned_links) = { 0 };
	int error = cordon_pinned_links_read(context, &pins);

	for (size_t i = 0; i < links->nr; i++) {
		cordon_clsact_detach(links->entry[i].index, false);
		cordon_clsact_detach(links->entry[i].index, true);
		cordon_step("detach filters");
	}
	for (size_t i = 0; i < pins.nr && !error; i++)
		error = cordon_link_unpin(context, pins.entry[i].name);
	return error ? cordon_fail(failure, error, "cannot detach what is in %s/links: %s",
				   context->bpffs, strerror(-error)) :
		       0;
}
