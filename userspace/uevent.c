// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel says of a device; see uevent.h.
 */
#include "uevent.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

/*
 * Devices that are told: of a subsystem those of a type, or all, and only with a
 * property that one of them has to have.
 */
static const struct {
	const char *subsystem;
	const char *type;
	const char *needs;
} told[] = {
	{ "usb", "usb_device", NULL },
	{ "block", NULL, NULL },
	/* The device itself; its nodes have none. */
	{ "input", NULL, "NAME" },
	{ "pci", NULL, NULL },
	{ "thunderbolt", NULL, NULL },
	{ "power_supply", NULL, NULL },
	/* A screen. */
	{ "drm", NULL, "HOTPLUG" },
};

static const char *const actions[CORDON_DEVICE_CHANGE_COUNT] = {
#define CORDON_DEVICE_ACTION(name, action, text) [CORDON_DEVICE_##name] = action,
	CORDON_DEVICE_CHANGES(CORDON_DEVICE_ACTION)
#undef CORDON_DEVICE_ACTION
};

bool cordon_uevent_is_whole(struct cordon_uevent uevent)
{
	return uevent.size && !uevent.text[uevent.size - 1];
}

const char *cordon_uevent_get(struct cordon_uevent uevent, const char *key)
{
	const char *const end = uevent.text + uevent.size;
	const size_t length = strlen(key);

	for (const char *at = uevent.text; at < end; at += strlen(at) + 1) {
		if (!strncmp(at, key, length) && at[length] == '=')
			return at + length + 1;
	}
	return "";
}

static bool is_told(struct cordon_uevent uevent)
{
	const char *subsystem = cordon_uevent_get(uevent, "SUBSYSTEM");
	const char *type = cordon_uevent_get(uevent, "DEVTYPE");

	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		if (!strcmp(told[i].subsystem, subsystem) &&
		    (!told[i].type || !strcmp(told[i].type, type)) &&
		    (!told[i].needs || cordon_uevent_get(uevent, told[i].needs)[0]))
			return true;
	}
	return false;
}

/* What somebody asked the kernel to say by writing to a file of sysfs has a SYNTH_UUID. */
bool cordon_uevent_change(struct cordon_uevent uevent, enum cordon_device_change *ret_change)
{
	const char *action = cordon_uevent_get(uevent, "ACTION");

	if (cordon_uevent_get(uevent, "SYNTH_UUID")[0] || !is_told(uevent))
		return false;
	for (int i = 0; i < CORDON_DEVICE_CHANGE_COUNT; i++) {
		if (strcmp(actions[i], action) != 0)
			continue;
		*ret_change = i;
		return true;
	}
	return false;
}

/* Up to three numbers with a character between. Return: how many */
static int read_numbers(const char *text, unsigned long ret_numbers[3])
{
	char *end;

	for (int nr = 0; nr < 3; nr++) {
		ret_numbers[nr] = strtoul(text, &end, 16);
		if (end == text || ret_numbers[nr] > UINT16_MAX)
			return nr;
		if (!*end)
			return nr + 1;
		text = end + 1;
	}
	return 3;
}

/* "VENDOR/PRODUCT/VERSION" of USB, "BUS/VENDOR/PRODUCT/VERSION" of input, "VENDOR:PRODUCT" of PCI. */
struct cordon_uevent_ids cordon_uevent_ids(struct cordon_uevent uevent)
{
	const char *subsystem = cordon_uevent_get(uevent, "SUBSYSTEM");
	const bool pci = !strcmp(subsystem, "pci"), input = !strcmp(subsystem, "input");
	struct cordon_uevent_ids ids = { .text = "" };
	unsigned long numbers[3];
	const int nr = read_numbers(cordon_uevent_get(uevent, pci ? "PCI_ID" : "PRODUCT"), numbers);

	if (nr >= 2 + input)
		snprintf(ids.text, sizeof(ids.text), "%04lx:%04lx", numbers[input],
			 numbers[1 + input]);
	return ids;
}
