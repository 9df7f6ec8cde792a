// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the daemon itself tells; see daemon_log.h.
 */
#include "daemon_log.h"

#include <string.h>
#include <sys/utsname.h>

#include "event.h"
#include "latch.h"
#include "util/login.h"

/* What it was when nobody wrote the log: a boot, say, brings no order that tells it. */
static void tell_latch(struct cordon_recorder *recorder, const struct cordon_context *context,
		       uint32_t level)
{
	union cordon_event_room room;
	struct cordon_event_latch *latch =
		cordon_event_begin(&room, CORDON_EVENT_LATCH, sizeof(*latch));
	struct cordon_latch_state state;

	cordon_latch_read(context, &state);
	latch->before = latch->after = level;
	cordon_event_add(&room, state.by);
	cordon_event_add(&room, state.reason);
	cordon_recorder_tell(recorder, cordon_event_end(&room));
}

void cordon_daemon_log_start(struct cordon_recorder *recorder, const struct cordon_context *context,
			     const struct cordon_live *live)
{
	union cordon_event_room room;
	struct cordon_event_start *start =
		cordon_event_begin(&room, CORDON_EVENT_START, sizeof(*start));
	struct utsname system = { .release = "" };

	uname(&system);
	start->uid = cordon_login_uid();
	cordon_event_add(&room, system.release);
	cordon_event_add(&room, live->view.settings ? live->view.settings->node : "");
	cordon_recorder_tell(recorder, cordon_event_end(&room));
	tell_latch(recorder, context, live->standing.latch);
	cordon_daemon_log_checkpoint(recorder, live);
}

void cordon_daemon_log_stop(struct cordon_recorder *recorder, const char *why)
{
	union cordon_event_room room;

	cordon_event_begin(&room, CORDON_EVENT_STOP, sizeof(struct cordon_event_stop));
	cordon_event_add(&room, why);
	cordon_recorder_tell(recorder, cordon_event_end(&room));
}

void cordon_daemon_log_checkpoint(struct cordon_recorder *recorder, const struct cordon_live *live)
{
	uint8_t policy[32] = { 0 };

	if (live->standing.effective && live->view.settings)
		memcpy(policy, live->view.settings->digest, sizeof(policy));
	cordon_recorder_checkpoint(recorder, policy, live->standing.latch);
}

void cordon_daemon_log_taken(struct cordon_recorder *recorder, const char *what, const char *became)
{
	union cordon_event_room room;

	cordon_event_begin(&room, CORDON_EVENT_TAKEN, sizeof(struct cordon_event_taken));
	cordon_event_add(&room, what);
	cordon_event_add(&room, became);
	cordon_recorder_tell(recorder, cordon_event_end(&room));
}

void cordon_daemon_log_stray(struct cordon_recorder *recorder, enum cordon_event_class class,
			     uint64_t records)
{
	struct cordon_event_stray stray = {
		.event = { .size = sizeof(stray), .type = CORDON_EVENT_STRAY },
		.class = class,
		.records = records,
	};

	cordon_recorder_tell(recorder, &stray.event);
}

/* ---- names -------------------------------------------------------------------------------- */

/* Return: "": that number names nothing */
typedef const char *(*name_finder)(const struct cordon_live *live, uint32_t number);

static const char *find_zone(const struct cordon_live *live, uint32_t number)
{
	const struct cordon_area *area = &live->view.area[CORDON_TABLE_ZONES];

	return number < area->count ? ((const struct cordon_zone *)area->cells)[number].name : "";
}

static const char *find_rule(const struct cordon_live *live, uint32_t number)
{
	return live->maps.rules[number].name;
}

/* As many as follow each other and fit. Return: the number behind them */
static uint32_t tell_some(struct cordon_recorder *recorder, const struct cordon_live *live,
			  enum cordon_names_of of, name_finder find, uint32_t first, uint32_t end)
{
	union cordon_event_room room;
	struct cordon_event_names_told *told =
		cordon_event_begin(&room, CORDON_EVENT_NAMES, sizeof(*told));
	uint32_t number = first;

	told->generation = live->standing.effective;
	told->of = (uint16_t)of;
	told->first = (uint16_t)first;
	for (; number < end && find(live, number)[0]; number++) {
		if (room.event.size + strlen(find(live, number)) >= sizeof(room))
			break;
		cordon_event_add(&room, find(live, number));
	}
	if (number > first)
		cordon_recorder_tell(recorder, cordon_event_end(&room));
	return number;
}

static void tell_names(struct cordon_recorder *recorder, const struct cordon_live *live,
		       enum cordon_names_of of, name_finder find, uint32_t end)
{
	uint32_t number = 0;

	while (number < end) {
		if (find(live, number)[0])
			number = tell_some(recorder, live, of, find, number, end);
		else
			number++;
	}
}

void cordon_daemon_log_names(struct cordon_recorder *recorder, const struct cordon_live *live)
{
	tell_names(recorder, live, CORDON_NAMES_ZONES, find_zone, CORDON_IDENTITIES_MAX);
	tell_names(recorder, live, CORDON_NAMES_RULES, find_rule, CORDON_RULE_SLOTS);
}

void cordon_daemon_log_sum(struct cordon_recorder *recorder, const struct cordon_denial *denial,
			   uint64_t packets, uint64_t folded)
{
	struct cordon_event_denial sum = {
		.event = { .size = sizeof(sum),
			   .type = CORDON_EVENT_DENIAL_SUM,
			   .pid = denial->pid },
		.packets = packets,
		.folded = folded,
		.denial = *denial,
	};

	cordon_recorder_tell(recorder, &sum.event);
}
