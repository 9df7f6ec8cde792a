// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What became of the guard, and what was cut under it, told in the ring; see tell.h.
 */
#include "tell_guard.h"

#include "event.h"
#include "guard.h"
#include "tell.h"

static uint32_t count_programs(void)
{
	uint32_t nr = 0;

	while (cordon_guard_program(nr))
		nr++;
	return nr;
}

void cordon_tell_guard(const struct cordon_context *context, enum cordon_guard_change how,
		       const char *why)
{
	union cordon_event_room room;
	struct cordon_event_guard *guard =
		cordon_event_begin(&room, CORDON_EVENT_GUARD, sizeof(*guard));

	guard->how = how;
	guard->hooks = how == CORDON_GUARD_CHANGE_RAISED ? count_programs() : 0;
	cordon_event_add(&room, why);
	cordon_tell(context, cordon_event_end(&room));
}

void cordon_tell_cut(const struct cordon_context *context, const struct cordon_event_cut *cut,
		     const char *program)
{
	union cordon_event_room room;
	struct cordon_event_cut *told = cordon_event_begin(&room, CORDON_EVENT_CUT, sizeof(*told));
	const struct cordon_event head = told->event;

	*told = *cut;
	told->event = head;
	cordon_event_add(&room, program);
	cordon_tell(context, cordon_event_end(&room));
}
