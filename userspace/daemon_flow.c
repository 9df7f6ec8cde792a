// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections that are over; see daemon_flow.h.
 */
#include "daemon_flow.h"

#include <string.h>

#include <cordon/uapi/connection.h>

#include "flows.h"
#include "util/clock.h"

/* A round through all notes takes so many looks, more if there are many: a look takes 3 ms at
 * most, in which nothing else is done. */
#define LOOKS 8
#define BUCKETS_AT_ONCE 8192U

static void tell(void *state, const struct cordon_flow_note *note, uint32_t why)
{
	struct cordon_daemon_flow *flow = state;
	struct cordon_event_flow record = {
		.event = { .size = sizeof(record),
			   .type = CORDON_EVENT_FLOW_CLOSE,
			   .flags = (uint16_t)why,
			   .pid = note->owner.pid },
		.note = *note,
	};

	cordon_recorder_tell(flow->recorder, &record.event);
}

static size_t look(struct cordon_daemon_flow *flow, uint32_t first, uint32_t count, bool all)
{
	return cordon_notes_end((struct cordon_note_bucket *)flow->notes.cells + first, count,
				&flow->settings, cordon_clock_ns(), all, tell, flow);
}

void cordon_daemon_flow_close(struct cordon_daemon_flow *flow)
{
	cordon_area_close(&flow->notes);
	flow->next = 0;
}

void cordon_daemon_flow_view(struct cordon_daemon_flow *flow, const struct cordon_event *event)
{
	if (event->type == CORDON_EVENT_FLOW_OPEN)
		flow->active = true;
}

/* What is left in notes that no program asks any more is told as far as it came. */
static void change_notes(struct cordon_daemon_flow *flow, struct cordon_area *notes)
{
	if (flow->notes.map_id == notes->map_id) {
		cordon_area_close(notes);
		return;
	}
	if (flow->notes.cells)
		look(flow, 0, flow->notes.count, true);
	cordon_daemon_flow_close(flow);
	flow->notes = *notes;
	flow->active = true;
}

/* The tables of a generation stay what they are. */
static void follow(struct cordon_daemon_flow *flow, const struct cordon_live *live)
{
	const struct cordon_settings *settings = live->view.settings;
	const uint32_t slot = cordon_slot(live->standing.effective, live->standing.latch);
	struct cordon_area notes = { 0 };

	if (!settings || settings->generation == flow->settings.generation)
		return;
	if (settings->flags & CORDON_SETTINGS_FLOWS &&
	    cordon_table_open(&live->maps, CORDON_TABLE_NOTES, slot, true, &notes))
		return;
	change_notes(flow, &notes);
	flow->settings = *settings;
}

void cordon_daemon_flow_tick(struct cordon_daemon_flow *flow, const struct cordon_live *live)
{
	uint32_t count;

	follow(flow, live);
	if (flow->active)
		flow->quiet = false;
	if (!flow->notes.cells || flow->quiet)
		return;
	count = flow->notes.count / LOOKS + 1;
	if (count > BUCKETS_AT_ONCE)
		count = BUCKETS_AT_ONCE;
	if (count > flow->notes.count - flow->next)
		count = flow->notes.count - flow->next;
	flow->active |= look(flow, flow->next, count, false) > 0;
	flow->next += count;
	if (flow->next < flow->notes.count)
		return;
	flow->next = 0;
	flow->quiet = !flow->active;
	flow->active = false;
}
