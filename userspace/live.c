// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The generation in force with its names.
 */
#include "live.h"

#include <errno.h>
#include <string.h>

#include "store.h"
#include "util/cleanup.h"
#include "util/clock.h"

struct cordon_live cordon_live_none(void)
{
	struct cordon_live live = { .has_cgroups = false };

	live.maps = cordon_maps_none();
	return live;
}

void cordon_live_close(struct cordon_live *live)
{
	cordon_view_close(&live->view);
	cordon_maps_close(&live->maps);
}

int cordon_live_follow(struct cordon_live *live)
{
	const struct cordon_standing standing = cordon_standing_read(&live->maps);
	int error;

	if (live->view.settings && standing.effective == live->standing.effective &&
	    standing.latch == live->standing.latch) {
		live->standing = standing;
		return 0;
	}
	cordon_view_close(&live->view);
	memset(&live->view, 0, sizeof(live->view));
	error = cordon_view_open(&live->maps, standing.effective, standing.latch, &live->view);
	live->standing = standing;
	return error;
}

int cordon_live_open(const struct cordon_call *call, struct cordon_live *ret_live)
{
	struct cordon_live live CLEANUP(live) = cordon_live_none();
	struct cordon_failure ignored = { .text = "" };
	int error;

	error = cordon_maps_open(call->context, call->failure, &live.maps);
	if (error)
		return error;
	error = cordon_live_follow(&live);
	/* A node that is sealed with no policy has no names, but denials. */
	if (error && !live.standing.latch)
		return cordon_fail(call->failure, error, "no policy is in force");
	live.has_cgroups = !cordon_cgroup_find(call->context, &ignored, &live.cgroups);
	*ret_live = live;
	live = cordon_live_none();
	return 0;
}

uint64_t cordon_live_serial(const struct cordon_context *context)
{
	struct cordon_live live CLEANUP(live) = cordon_live_none();
	struct cordon_failure ignored = { .text = "" };
	const struct cordon_call call = { .context = context, .failure = &ignored };

	if (cordon_live_open(&call, &live) || !live.view.settings)
		return 0;
	return live.view.settings->serial;
}

uint32_t cordon_live_generation(const struct cordon_context *context)
{
	struct cordon_maps maps CLEANUP(maps) = cordon_maps_none();
	struct cordon_failure unsaid = { .text = "" };
	const uint32_t generation = cordon_maps_open(context, &unsaid, &maps) ?
					    0 :
					    cordon_standing_read(&maps).effective;

	return generation ? generation : cordon_store_active(context);
}

static const char *zone_name(const struct cordon_live *live, uint32_t identity)
{
	const struct cordon_area *area = &live->view.area[CORDON_TABLE_ZONES];
	const struct cordon_zone *zones = area->cells;

	return identity < area->count && zones[identity].name[0] ? zones[identity].name : "?";
}

const char *cordon_live_identity(const struct cordon_live *live, uint32_t identity)
{
	if (identity == CORDON_IDENTITY_STRANGER)
		return "stranger";
	if (identity == CORDON_IDENTITY_NODE)
		return "node";
	return live ? zone_name(live, identity) : "?";
}

const char *cordon_live_rule(const struct cordon_live *live, uint32_t slot)
{
	return slot < CORDON_RULE_SLOTS && live->maps.rules[slot].name[0] ?
		       live->maps.rules[slot].name :
		       "-";
}

const char *cordon_live_interface(const struct cordon_live *live, uint32_t ifindex)
{
	for (uint32_t i = 0; ifindex && i < CORDON_INTERFACE_PROBES; i++) {
		const struct cordon_interface *interface =
			&live->maps.interfaces[(ifindex + i) % CORDON_INTERFACES_MAX];

		if (interface->ifindex == ifindex)
			return interface->name;
	}
	return "-";
}

int cordon_live_flows(const struct cordon_live *live, struct cordon_flow_live **ret_flows,
		      size_t *ret_nr)
{
	const uint32_t slot = cordon_slot(live->standing.effective, live->standing.latch);
	struct cordon_flow_table table;
	struct cordon_area area = { 0 };
	int error;

	error = cordon_table_open(&live->maps, CORDON_TABLE_FLOWS, slot, false, &area);
	if (error)
		return error;
	table.buckets = area.cells;
	table.nr = area.count;
	error = cordon_flows_read(&table, live->view.settings, cordon_clock_ns(), ret_flows,
				  ret_nr);
	cordon_area_close(&area);
	return error;
}
