// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices that somebody can put in or take out, as the kernel tells of them, with
 * what sysfs still says of them by then.  Of a device that is taken out it says
 * nothing any more.
 */
#include "watch.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cordon/uapi/config.h>

#include "event.h"
#include "nl_uevent.h"
#include "uevent.h"
#include "util/array.h"
#include "util/cleanup.h"

/* UEVENT_BUFFER_SIZE of the kernel, and its header. */
#define MESSAGE_MAX 8192
/* Others want their turn, too. */
#define READS_AT_ONCE 256
#define SUPPLIES "/sys/class/power_supply"

/* struct supply - a battery or a mains adapter, whose charge is not news, but its state is */
struct supply {
	char name[32];
	char state[32];
};

struct devices {
	const struct cordon_watch *watch;
	int fd;
	struct supply supply[16];
	size_t nr;
};

/* ---- sysfs ------------------------------------------------------------------------------- */

/* struct property - one line of a file */
struct property {
	char text[96];
};

static struct property read_property(const char *device, const char *name)
{
	struct property property = { .text = "" };
	char path[MESSAGE_MAX];
	FILE *file CLEANUP(fclose) = NULL;

	snprintf(path, sizeof(path), "/sys%s/%s", device, name);
	file = fopen(path, "re");
	if (!file || !fgets(property.text, sizeof(property.text), file))
		property.text[0] = '\0';
	property.text[strcspn(property.text, "\n")] = '\0';
	return property;
}

/* Where a subsystem has what is asked; NULL: nowhere. */
static const struct {
	const char *subsystem;
	const char *vendor;
	const char *model;
	const char *serial;
} properties[] = {
	{ "usb", "manufacturer", "product", "serial" },
	{ "block", "device/vendor", "device/model", "device/serial" },
	{ "input", NULL, "name", "uniq" },
	{ "thunderbolt", "vendor_name", "device_name", "unique_id" },
	{ "power_supply", "manufacturer", "model_name", "serial_number" },
};

static void add_property(union cordon_event_room *room, const char *device, const char *name)
{
	cordon_event_add(room, name ? read_property(device, name).text : "");
}

static void add_properties(union cordon_event_room *room, const char *subsystem, const char *device)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(properties) && strcmp(properties[i].subsystem, subsystem) != 0)
		i++;
	if (i == ARRAY_SIZE(properties)) {
		for (i = 0; i < 3; i++)
			cordon_event_add(room, "");
		return;
	}
	add_property(room, device, properties[i].vendor);
	add_property(room, device, properties[i].model);
	add_property(room, device, properties[i].serial);
}

/* ---- power ------------------------------------------------------------------------------- */

static const char *supply_state(struct cordon_uevent uevent)
{
	const char *status = cordon_uevent_get(uevent, "POWER_SUPPLY_STATUS");
	const char *online = cordon_uevent_get(uevent, "POWER_SUPPLY_ONLINE");

	if (status[0] || !online[0])
		return status;
	return online[0] == '0' ? "Offline" : "Online";
}

/* Return: whether it is another state than before; those of too many supplies all are */
static bool note_supply(struct devices *devices, struct cordon_uevent uevent)
{
	const char *name = cordon_uevent_get(uevent, "POWER_SUPPLY_NAME");
	const char *state = supply_state(uevent);
	struct supply *supply = devices->supply;

	while (supply < devices->supply + devices->nr && strcmp(supply->name, name) != 0)
		supply++;
	if (supply == devices->supply + ARRAY_SIZE(devices->supply))
		return true;
	if (supply == devices->supply + devices->nr)
		snprintf(devices->supply[devices->nr++].name, sizeof(supply->name), "%s", name);
	else if (!strcmp(supply->state, state))
		return false;
	snprintf(supply->state, sizeof(supply->state), "%s", state);
	return true;
}

static void note_file(struct devices *devices, const char *name)
{
	char path[512], text[MESSAGE_MAX];
	FILE *file CLEANUP(fclose) = NULL;
	size_t size;

	snprintf(path, sizeof(path), SUPPLIES "/%s/uevent", name);
	file = fopen(path, "re");
	size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	for (size_t i = 0; i < size; i++)
		text[i] = text[i] == '\n' ? '\0' : text[i];
	text[size] = '\0';
	note_supply(devices, (struct cordon_uevent){ text, size + 1 });
}

static void note_supplies(struct devices *devices)
{
	DIR *folder = opendir(SUPPLIES);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] != '.')
			note_file(devices, entry->d_name);
	}
	if (folder)
		closedir(folder);
}

/* ---- messages ---------------------------------------------------------------------------- */

static void tell(const struct devices *devices, struct cordon_uevent uevent,
		 enum cordon_device_change change)
{
	const char *subsystem = cordon_uevent_get(uevent, "SUBSYSTEM");
	const char *path = cordon_uevent_get(uevent, "DEVPATH");
	union cordon_event_room room;
	struct cordon_event_device *record =
		cordon_event_begin(&room, CORDON_EVENT_DEVICE, sizeof(*record));

	record->change = change;
	if (!strcmp(subsystem, "block"))
		record->bytes = 512 * strtoull(read_property(path, "size").text, NULL, 10);
	cordon_event_add(&room, subsystem);
	cordon_event_add(&room, cordon_uevent_get(uevent, "DEVTYPE"));
	cordon_event_add(&room, path);
	cordon_event_add(&room, cordon_uevent_get(uevent, "DEVNAME"));
	cordon_event_add(&room, cordon_uevent_ids(uevent).text);
	add_properties(&room, subsystem, path);
	cordon_event_add(&room, supply_state(uevent));
	devices->watch->tell(devices->watch->state, cordon_event_end(&room));
}

static void take(struct devices *devices, struct cordon_uevent uevent)
{
	enum cordon_device_change change;

	if (!cordon_uevent_is_whole(uevent) || !cordon_uevent_change(uevent, &change))
		return;
	if (!strcmp(cordon_uevent_get(uevent, "SUBSYSTEM"), "power_supply") &&
	    !note_supply(devices, uevent) && change == CORDON_DEVICE_CHANGED)
		return;
	tell(devices, uevent, change);
}

static void read_all(void *source)
{
	struct devices *devices = source;
	char text[MESSAGE_MAX];

	for (int i = 0; i < READS_AT_ONCE; i++) {
		const int size = cordon_nl_uevent_read(devices->fd, text, sizeof(text));

		if (size == -ENOBUFS)
			devices->watch->lost(devices->watch->state, 1);
		else if (size < 0)
			return;
		else
			take(devices, (struct cordon_uevent){ text, (size_t)size });
	}
}

static int get_fd(const void *source)
{
	return ((const struct devices *)source)->fd;
}

static void close_devices(void *source)
{
	struct devices *devices = source;

	cleanup_close(&devices->fd);
	free(devices);
}

static int open_devices(const struct cordon_watch *watch, struct cordon_failure *failure,
			void **ret_source)
{
	struct devices *devices = calloc(1, sizeof(*devices));

	if (!devices)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	devices->watch = watch;
	devices->fd = cordon_nl_uevent_open();
	if (devices->fd < 0) {
		const int error = devices->fd;

		close_devices(devices);
		return cordon_fail(failure, error, "devices are not told: %s", strerror(-error));
	}
	note_supplies(devices);
	*ret_source = devices;
	return 0;
}

const struct cordon_watch_kind cordon_watch_devices = {
	.open = open_devices,
	.close = close_devices,
	.fd = get_fd,
	.read = read_all,
};
