// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is changed of the machine: mounts, devices and the clock, records of the
 * class CONFIG.
 */
#include "event_shape.h"

#include <inttypes.h>
#include <stdlib.h>

#include <cordon/uapi/config.h>

#include "event.h"
#include "event_time.h"
#include "util/print.h"

/* ---- mounts ------------------------------------------------------------------------------ */

/* Of struct cordon_event_mount. */
enum mount_text {
	MOUNT_POINT,
	MOUNT_SOURCE,
	MOUNT_TYPE,
	MOUNT_OPTIONS,
	MOUNT_SUPER,
	MOUNT_DEVICE,
	MOUNT_ROOT
};

static const char *mount_change(const struct cordon_event *event)
{
	static const char *const changes[CORDON_MOUNT_CHANGE_COUNT] = {
#define CORDON_MOUNT_TEXT(name, text) [CORDON_MOUNT_##name] = text,
		CORDON_MOUNT_CHANGES(CORDON_MOUNT_TEXT)
#undef CORDON_MOUNT_TEXT
	};
	const uint32_t change = ((const struct cordon_event_mount *)event)->change;

	return change < CORDON_MOUNT_CHANGE_COUNT ? changes[change] : "?";
}

static const char *mount_word(const struct cordon_event_view *view, enum mount_text text)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_mount), text);
}

static void mount_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const uint32_t change = ((const struct cordon_event_mount *)event)->change;

	facts->subtype = change == CORDON_MOUNT_MOUNTED	  ? "creation" :
			 change == CORDON_MOUNT_UNMOUNTED ? "deletion" :
							    "change";
}

static void mount_text(FILE *file, const struct cordon_event_view *view)
{
	fprintf(file, "mount %s", mount_change(view->record->event));
	cordon_event_phrase(file, ": ", mount_word(view, MOUNT_SOURCE));
	cordon_event_phrase(file, " at ", mount_word(view, MOUNT_POINT));
	cordon_event_phrase(file, ", ", mount_word(view, MOUNT_TYPE));
	cordon_event_phrase(file, " of device ", mount_word(view, MOUNT_DEVICE));
	cordon_event_phrase(file, " from ", mount_word(view, MOUNT_ROOT));
	cordon_event_phrase(file, ", options ", mount_word(view, MOUNT_OPTIONS));
	cordon_event_phrase(file, ", of the file system ", mount_word(view, MOUNT_SUPER));
}

static void mount_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	cordon_ecs_text(ecs, "cordon.mount.change", mount_change(view->record->event));
	cordon_ecs_text(ecs, "cordon.mount.point", mount_word(view, MOUNT_POINT));
	cordon_ecs_text(ecs, "cordon.mount.source", mount_word(view, MOUNT_SOURCE));
	cordon_ecs_text(ecs, "cordon.mount.type", mount_word(view, MOUNT_TYPE));
	cordon_ecs_text(ecs, "cordon.mount.options", mount_word(view, MOUNT_OPTIONS));
	cordon_ecs_text(ecs, "cordon.mount.super_options", mount_word(view, MOUNT_SUPER));
	cordon_ecs_text(ecs, "cordon.mount.device", mount_word(view, MOUNT_DEVICE));
	cordon_ecs_text(ecs, "cordon.mount.root", mount_word(view, MOUNT_ROOT));
}

/* ---- devices ----------------------------------------------------------------------------- */

/* Of struct cordon_event_device. */
enum device_text {
	DEVICE_SUBSYSTEM,
	DEVICE_TYPE,
	DEVICE_PATH,
	DEVICE_NODE,
	DEVICE_IDS,
	DEVICE_VENDOR,
	DEVICE_MODEL,
	DEVICE_SERIAL,
	DEVICE_STATE
};

static const struct cordon_event_device *device_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_device *)view->record->event;
}

static const char *device_change(const struct cordon_event_device *device)
{
	static const char *const changes[CORDON_DEVICE_CHANGE_COUNT] = {
#define CORDON_DEVICE_TEXT(name, action, text) [CORDON_DEVICE_##name] = text,
		CORDON_DEVICE_CHANGES(CORDON_DEVICE_TEXT)
#undef CORDON_DEVICE_TEXT
	};

	return device->change < CORDON_DEVICE_CHANGE_COUNT ? changes[device->change] : "?";
}

static const char *device_word(const struct cordon_event_view *view, enum device_text text)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_device), text);
}

/* ECS has no word for a thing that comes: a host's may start and end. */
static void device_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const uint32_t change = ((const struct cordon_event_device *)event)->change;

	facts->subtype = change == CORDON_DEVICE_ADDED	 ? "start" :
			 change == CORDON_DEVICE_REMOVED ? "end" :
							   "change";
}

static void device_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_device *device = device_of(view);
	char size[32];

	fprintf(file, "device %s", device_change(device));
	cordon_event_phrase(file, ": ", device_word(view, DEVICE_SUBSYSTEM));
	cordon_event_phrase(file, " ", device_word(view, DEVICE_TYPE));
	cordon_event_phrase(file, " ", device_word(view, DEVICE_IDS));
	cordon_event_phrase(file, ", vendor ", device_word(view, DEVICE_VENDOR));
	cordon_event_phrase(file, ", model ", device_word(view, DEVICE_MODEL));
	cordon_event_phrase(file, ", serial number ", device_word(view, DEVICE_SERIAL));
	cordon_event_phrase(file, ", state ", device_word(view, DEVICE_STATE));
	cordon_event_phrase(file, ", /dev/", device_word(view, DEVICE_NODE));
	if (device->bytes)
		fprintf(file, ", %s", print_size(device->bytes, &size));
	cordon_event_phrase(file, ", at ", device_word(view, DEVICE_PATH));
}

static void device_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_device *device = device_of(view);

	cordon_ecs_text(ecs, "cordon.device.change", device_change(device));
	cordon_ecs_text(ecs, "cordon.device.subsystem", device_word(view, DEVICE_SUBSYSTEM));
	cordon_ecs_text(ecs, "cordon.device.type", device_word(view, DEVICE_TYPE));
	cordon_ecs_text(ecs, "cordon.device.path", device_word(view, DEVICE_PATH));
	cordon_ecs_text(ecs, "cordon.device.node", device_word(view, DEVICE_NODE));
	cordon_ecs_text(ecs, "cordon.device.id", device_word(view, DEVICE_IDS));
	cordon_ecs_text(ecs, "cordon.device.vendor", device_word(view, DEVICE_VENDOR));
	cordon_ecs_text(ecs, "cordon.device.model", device_word(view, DEVICE_MODEL));
	cordon_ecs_text(ecs, "cordon.device.serial_number", device_word(view, DEVICE_SERIAL));
	cordon_ecs_text(ecs, "cordon.device.state", device_word(view, DEVICE_STATE));
	if (device->bytes)
		cordon_ecs_number(ecs, "cordon.device.bytes", device->bytes);
}

/* ---- the clock --------------------------------------------------------------------------- */

static const struct cordon_event_clock *clock_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_clock *)view->record->event;
}

/* Whatever the two are: no overflow. */
static int64_t clock_step(const struct cordon_event_clock *clock)
{
	return (int64_t)((uint64_t)clock->after - (uint64_t)clock->before);
}

static void clock_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_clock *clock = clock_of(view);
	const int64_t step = clock_step(clock);
	const uint64_t by = step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
	struct cordon_event_time time;

	fprintf(file, "clock set %s by %" PRIu64 ".%03" PRIu64 " seconds",
		step < 0 ? "back" : "forward", by / 1000000000, by / 1000000 % 1000);
	fprintf(file, ", from %s", cordon_event_time_text(clock->before, &time));
	fprintf(file, " to %s", cordon_event_time_text(clock->after, &time));
}

static void clock_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_clock *clock = clock_of(view);

	cordon_ecs_time(ecs, "cordon.clock.before", clock->before);
	cordon_ecs_time(ecs, "cordon.clock.after", clock->after);
	cordon_ecs_format(ecs, "cordon.clock.step", "%" PRId64, clock_step(clock));
}

const struct cordon_event_shape cordon_event_shapes_machine[] = {
	{ CORDON_EVENT_MOUNT, sizeof(struct cordon_event_mount), "mount", "event", "configuration",
	  "change", .facts = mount_facts, .text = mount_text, .fields = mount_fields },
	{ CORDON_EVENT_DEVICE, sizeof(struct cordon_event_device), "device", "event", "host",
	  "change", .facts = device_facts, .text = device_text, .fields = device_fields },
	{ CORDON_EVENT_CLOCK, sizeof(struct cordon_event_clock), "clock", "event", "configuration",
	  "change", .text = clock_text, .fields = clock_fields },
	{ .text = NULL },
};
